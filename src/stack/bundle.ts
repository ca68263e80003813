import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

/**
 * What wrangler would deploy: its own bundle of src/worker.ts with the settings of wrangler.toml. Both come from
 * short-lived processes, because wrangler itself holds 200 MB for as long as it is loaded.
 */
const settings = z.object({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  triggers: z.object({ crons: z.array(z.string()).default([]) }),
});

export type Bundle = {
  folder: string;
  /** The bundle's file in `folder`. */
  main: string;
  name: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  crons: string[];
};

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READ_SETTINGS = `
  const { unstable_readConfig } = await import("wrangler");
  process.stdout.write(JSON.stringify(unstable_readConfig({ config: "wrangler.toml" }, { hideWarnings: true })));
`;

/**
 * Builds the bundle into `folder` (2 s).
 * @throws Error with wrangler's words where the code does not build.
 */
export async function buildBundle(folder: string): Promise<Bundle> {
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin",
    "wrangler.js",
  );
  const [config] = await Promise.all([
    run(["--input-type=module", "-e", READ_SETTINGS], folder),
    run([wrangler, "deploy", "--dry-run", "--outdir", folder], folder),
  ]);
  const { name, main, compatibility_date, compatibility_flags, triggers } = settings.parse(
    JSON.parse(config),
  );
  return {
    folder,
    main: `${basename(main, ".ts")}.js`,
    name,
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    crons: triggers.crons,
  };
}

async function run(args: string[], folder: string): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    // No account, no metrics, no look for a newer version, no log in the user's home.
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "wrangler.log"),
    XDG_CONFIG_HOME: folder,
  };
  try {
    const options = { cwd: ROOT, env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`wrangler could not build the Worker:\n${words.trim()}`, { cause: error });
  }
}
