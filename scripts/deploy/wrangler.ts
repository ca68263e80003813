import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

/** Calls of wrangler in the checkout, each a process of its own. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CALL_MS = 300_000;

/** @returns what it printed. @throws Error with its words where it failed */
export async function wrangler(...args: string[]): Promise<string> {
  const bin = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin",
    "wrangler.js",
  );
  return run(bin, ...args);
}

/** How wrangler reads wrangler.toml for that environment, as JSON. @throws Error where there is none of that name */
export async function readSettings(environment: string): Promise<unknown> {
  const read = `
    const { unstable_readConfig } = await import("wrangler");
    const args = { config: "wrangler.toml", env: ${JSON.stringify(environment)} };
    process.stdout.write(JSON.stringify(unstable_readConfig(args, { hideWarnings: true })));`;
  return JSON.parse(await run("--input-type=module", "-e", read));
}

/** The id of the version that serves an environment now; null before its first deploy. */
export async function servingVersion(environment: string): Promise<string | null> {
  const status = z.object({ versions: z.array(z.object({ version_id: z.string() })) });
  try {
    const told = await wrangler("deployments", "status", "--env", environment, "--json");
    return status.parse(JSON.parse(told)).versions[0]?.version_id ?? null;
  } catch {
    return null;
  }
}

async function run(...args: string[]): Promise<string> {
  const env = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" };
  try {
    const options = { cwd: ROOT, env, timeout: CALL_MS, maxBuffer: 16 * 1024 * 1024 };
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(withoutStack(words), { cause: error });
  }
}

/** Of an error that wrangler did not catch, its words. */
function withoutStack(words: string): string {
  return (/UserError: ([^]*?)\n\s+at /.exec(words)?.[1] ?? words).trim();
}
