import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { BUDGET_BYTES, bundleBytes } from "./deploy/budget.ts";
import { contractions } from "./deploy/expandFirst.ts";
import { isPlaceholder, missingSecrets, settingsProblems, workerSettings } from "./deploy/settings.ts";
import type { WorkerSettings } from "./deploy/settings.ts";
import { smoke } from "./deploy/smoke.ts";
import { readSettings, servingVersion, wrangler } from "./deploy/wrangler.ts";

/**
 * `npm run deploy -- ENV [--dry-run] [--url URL]`: from this checkout to a Worker that answers. Gate by gate, and nothing
 * is changed before all of them are open; `--dry-run` ends there, and needs neither an account nor a network.
 */
const USAGE = "npm run deploy -- staging|production [--dry-run] [--url URL]";
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SMOKE_SECONDS = 90;

/** A gate that stays closed. */
class Closed extends Error {}

async function gate<T>(name: string, pass: () => T | Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    const passed = await pass();
    console.log(`=== ${name}: ok after ${seconds(began)} s`);
    return passed;
  } catch (error) {
    console.error(`=== ${name}: ${error instanceof Error ? error.message : String(error)}`);
    throw new Closed(name, { cause: error });
  }
}

const seconds = (began: number) => ((performance.now() - began) / 1000).toFixed(1);

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join("\n  "));
}

function npm(script: string): void {
  const { status, error } = spawnSync("npm", ["run", "--silent", script], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0)
    throw new Error(`npm run ${script} failed${error === undefined ? "" : `: ${error.message}`}`);
}

/** All that can be known without an account. @returns the settings of the environment */
async function gates(environment: string): Promise<WorkerSettings> {
  const settings = await gate(`settings of ${environment}`, async () => {
    const read = workerSettings.parse(await readSettings(environment));
    refuse(settingsProblems(read));
    return read;
  });
  await gate("migrations only add", () => {
    const folder = join(ROOT, "drizzle");
    const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
    refuse(contractions(names.map((name) => ({ name, sql: readFileSync(join(folder, name), "utf8") }))));
  });
  await gate("check", () => npm("check"));
  await gate("dashboard", () => npm("build:dashboard"));
  const out = mkdtempSync(join(tmpdir(), "warmpool-deploy-"));
  try {
    await gate("wrangler deploy --dry-run", () =>
      wrangler("deploy", "--env", environment, "--dry-run", "--outdir", out),
    );
    await gate("bundle budget", () => {
      const bytes = bundleBytes(out);
      console.log(`    ${bytes} bytes gzipped, ${BUDGET_BYTES} allowed`);
      if (bytes > BUDGET_BYTES) throw new Error(`the bundle is ${bytes - BUDGET_BYTES} bytes too large`);
    });
  } finally {
    rmSync(out, { recursive: true });
  }
  return settings;
}

/** What only the account and the environment of this command can show. */
async function accountGates(environment: string, settings: WorkerSettings): Promise<void> {
  await gate("hyperdrive", async () => {
    if (isPlaceholder(settings))
      throw new Error(
        "wrangler.toml has no id yet. Run `npx wrangler hyperdrive create warmpool --connection-string=… --caching-disabled`, and put the id there.",
      );
    const found = z.object({ caching: z.object({ disabled: z.boolean().optional() }).optional() });
    for (const { id } of settings.hyperdrive) {
      const told = await wrangler("hyperdrive", "get", id);
      const { caching } = found.parse(JSON.parse(told.slice(told.indexOf("{"))));
      if (caching?.disabled !== true)
        throw new Error(
          `${id} caches, and stale reads break the state machine. Run \`npx wrangler hyperdrive update ${id} --caching-disabled\`.`,
        );
    }
  });
  await gate("secrets", async () => {
    const told = await wrangler("secret", "list", "--env", environment).catch(() => "[]");
    const names = z.array(z.object({ name: z.string() })).parse(JSON.parse(told));
    refuse(
      missingSecrets(names.map(({ name }) => name)).map(
        (name) => `${name} is not there. Run \`npx wrangler secret put ${name} --env ${environment}\`.`,
      ),
    );
  });
  await gate("database", () => {
    if ((process.env["DATABASE_URL"] ?? "") === "")
      throw new Error(
        "DATABASE_URL is not set: the migrations need the database's own address, not Hyperdrive's.",
      );
  });
}

async function release(
  environment: string,
  settings: WorkerSettings,
  given: string | undefined,
): Promise<void> {
  const before = await servingVersion(environment);
  await gate("migrate", () => npm("migrate"));
  const told = await gate("deploy", () => wrangler("deploy", "--env", environment));
  console.log(told.trim());
  const { WARMPOOL_PUBLIC_URL: publicUrl } = settings.vars;
  const named = given ?? (typeof publicUrl === "string" ? publicUrl : undefined);
  const url = named ?? /https:\/\/\S+/.exec(told)?.[0];
  try {
    await gate(`smoke test of ${url ?? "?"}`, async () => {
      if (url === undefined)
        throw new Error("nobody says where it is. Give --url, or set WARMPOOL_PUBLIC_URL in wrangler.toml.");
      refuse(await smoke(url, SMOKE_SECONDS));
    });
  } finally {
    console.log(wayBack(environment, before));
  }
}

function wayBack(environment: string, version: string | null): string {
  if (version === null)
    return `The way back: this was the first deploy; npx wrangler delete --env ${environment} removes it.`;
  return `The way back: npx wrangler rollback ${version} --env ${environment}\nThe database stays as it is: its migrations only add.`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean", default: false }, url: { type: "string" } },
  });
  const [environment] = positionals;
  if (environment === undefined || positionals.length > 1) {
    console.error(`usage: ${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const settings = await gates(environment);
  if (values["dry-run"]) {
    if (isPlaceholder(settings)) console.log("    hyperdrive has no id yet: a deploy needs one");
    console.log("All gates are open. Nothing was deployed.");
    return;
  }
  await accountGates(environment, settings);
  await release(environment, settings, values.url);
  console.log(`${environment} is deployed.`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Closed)) throw error;
  console.error(`Not deployed, or not well: ${error.message}.`);
  process.exitCode = 1;
}
