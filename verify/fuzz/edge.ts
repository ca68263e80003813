import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";
import { connect, type Db } from "../../src/db/client.ts";
import { migrate } from "../../src/db/migrate.ts";
import { freePort } from "../../src/stack/ports.ts";
import { startPostgres } from "../../src/stack/postgres.ts";
import { until } from "../../test/helpers/until.ts";

/** The real edge on a real database of its own, as a process that can die. */
export type FuzzedEdge = AsyncDisposable & {
  url: string;
  db: Db;
  adminToken: string;
  /** Null while it lives, else how it ended. */
  death(): string | null;
};

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ADMIN_TOKEN = "wp_admin_for_the_fuzz_run_0123456789";
const SECRET_KEY = btoa("f".repeat(32));
/** What would otherwise be most of the answers. */
const NO_LIMIT = "100000000";

export async function startFuzzedEdge(runtime: "node" | "workerd"): Promise<FuzzedEdge> {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-fuzz-"));
  // Where user namespaces are not allowed Postgres runs as nobody, and must be able to pass.
  await chmod(folder, 0o711);
  const ends: (() => PromiseLike<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (const one of ends.toReversed()) await one();
  };
  try {
    const postgres = await startPostgres({ folder, keep: "throwaway" });
    ends.push(() => postgres[Symbol.asyncDispose]());
    await migrate(postgres.url);
    const connection = connect(postgres.url, { max: 2 });
    ends.push(() => connection.close());
    const edge = runtime === "node" ? await startNode(postgres.url) : await startWorkerd(postgres.url);
    ends.push(() => edge.stop());
    return {
      url: edge.url,
      db: connection.db,
      adminToken: ADMIN_TOKEN,
      death: () => edge.death(),
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

type Running = { url: string; death(): string | null; stop(): Promise<void> };

async function startNode(databaseUrl: string): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, ["bin/run.js", "src/server.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"],
      // If this run is killed, the process is found by it.
      TMPDIR: tmpdir(),
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
      WARMPOOL_SECRET_KEY: SECRET_KEY,
      WARMPOOL_ADMIN_REQUESTS_PER_MINUTE: NO_LIMIT,
      WARMPOOL_REQUESTS_PER_MINUTE: NO_LIMIT,
      WARMPOOL_WRONG_TOKENS_PER_MINUTE: NO_LIMIT,
    },
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  const death = () =>
    child.exitCode === null && child.signalCode === null
      ? null
      : `the server ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`;
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  const answers = () => fetch(`${url}/healthz`).then((response) => response.status > 0);
  await until("the server to answer", answers).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, death, stop };
}

async function startWorkerd(databaseUrl: string): Promise<Running> {
  process.env["CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE"] = databaseUrl;
  const secrets = {
    WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
    WARMPOOL_SECRET_KEY: SECRET_KEY,
    WARMPOOL_ADMIN_REQUESTS_PER_MINUTE: NO_LIMIT,
    WARMPOOL_REQUESTS_PER_MINUTE: NO_LIMIT,
    WARMPOOL_WRONG_TOKENS_PER_MINUTE: NO_LIMIT,
  };
  // Of a dashboard that is not built wrangler wants the folder at least.
  await mkdir(join(ROOT, "dist", "dashboard"), { recursive: true });
  const server = createTestHarness({ root: ROOT, workers: [{ configPath: "wrangler.toml", secrets }] });
  const { url } = await server.listen().catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  // Its end shows in requests that are not answered.
  return { url: url.origin, death: () => null, stop: () => server.close() };
}
