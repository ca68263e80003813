import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as z from "zod";
import { readJson, writePrivateJson } from "./files.ts";

/**
 * What wrangler would deploy: its own bundle of src/worker.ts with the settings of wrangler.toml. Both come from
 * short-lived processes, because wrangler itself holds 200 MB for as long as it is loaded, and are kept for as long
 * as no source changes: an edge that is started again is there in a second.
 */
const bundleSchema = z.strictObject({
  /** The bundle's file in its folder. */
  main: z.string(),
  name: z.string(),
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  crons: z.array(z.string()),
});
export type Bundle = z.infer<typeof bundleSchema> & { folder: string };

const settings = z.object({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  triggers: z.object({ crons: z.array(z.string()).default([]) }),
});

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READ_SETTINGS = `
  const { unstable_readConfig } = await import("wrangler");
  process.stdout.write(JSON.stringify(unstable_readConfig({ config: "wrangler.toml" }, { hideWarnings: true })));
`;

/**
 * The bundle of the sources as they are now, from below `cache` or built into it (some seconds).
 * @throws Error with wrangler's words where the code does not build.
 */
export async function bundleIn(cache: string): Promise<Bundle> {
  const key = sourceHash();
  const folder = join(cache, key);
  const recordFile = join(folder, "bundle.json");
  const kept = readJson(recordFile, bundleSchema);
  if (kept !== null) return { ...kept, folder };
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const bundle = await build(folder);
  // Written last: where it is, the bundle is whole.
  writePrivateJson(recordFile, bundle);
  return { ...bundle, folder };
}

async function build(folder: string): Promise<z.infer<typeof bundleSchema>> {
  const wrangler = createRequire(import.meta.url).resolve("wrangler/package.json");
  const config = await run(["--input-type=module", "-e", READ_SETTINGS], ROOT, folder);
  const { name, main, triggers, ...rest } = settings.parse(JSON.parse(config));
  mkdirSync(join(folder, "no-assets"));
  // Named on the command line and built from here, the entry leaves no `.wrangler` folder in the checkout.
  await run(
    [
      join(dirname(wrangler), "bin", "wrangler.js"),
      ...["deploy", resolve(ROOT, main), "--config", join(ROOT, "wrangler.toml")],
      // The dashboard's files are no part of the bundle, and need not be there for it.
      ...["--dry-run", "--outdir", folder, "--assets", join(folder, "no-assets")],
    ],
    folder,
    folder,
  );
  return {
    main: `${basename(main, ".ts")}.js`,
    name,
    compatibilityDate: rest.compatibility_date,
    compatibilityFlags: rest.compatibility_flags,
    crons: triggers.crons,
  };
}

/** Of everything that the bundle is made from; the lock file stands for the packages. */
function sourceHash(): string {
  const hash = createHash("sha256");
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith("dashboard/"))
    .toSorted()
    .map((name) => join("src", name));
  for (const name of ["wrangler.toml", "package-lock.json", ...sources]) {
    hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

async function run(args: string[], cwd: string, folder: string): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    // No account, no metrics, no look for a newer version, no log in the user's home.
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "wrangler.log"),
    XDG_CONFIG_HOME: folder,
  };
  try {
    const options = { cwd, env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`wrangler could not build the Worker:\n${words.trim()}`, { cause: error });
  }
}
