import { setTimeout as delay } from "node:timers/promises";
import { adminTokenProblem } from "./api/adminToken.ts";
import { ADMIN_REQUESTS_PER_MINUTE, type Edge } from "./api/edge.ts";
import { readPublicUrl } from "./api/origin.ts";
import { readLimits } from "./api/limits.ts";
import { log, logFailure } from "./domain/core/log.ts";
import { sweep } from "./cron/sweep.ts";
import { connect } from "./db/client.ts";
import { readDatabaseUrl } from "./db/databaseUrl.ts";
import { directLink } from "./db/directLink.ts";
import { dashboardFolder } from "./dashboardFolder.ts";
import { readTrustedProxies } from "./host/callerAddress.ts";
import { tracesOf } from "./host/traces.ts";
import { inheritedSocket, serviceManager } from "./host/serviceManager.ts";
import { listen } from "./listen.ts";
import { NO_SECRET_KEYS, readSecretKeys } from "./domain/secrets/keys.ts";
import { readWebhook } from "./domain/webhook/receiver.ts";

/**
 * The Node entry, for hosting Warmpool oneself: the same app and the same duties as src/worker.ts, on a timer.
 * Configured by the environment; stops on SIGTERM after the requests under way, within ten seconds. Under systemd it
 * takes over the socket that outlives it, and reports that it is up (host/serviceManager.ts).
 */
const config = readConfig();
const traces = await tracesOf(process.env, {
  service: "warmpool-server",
  resource: {},
  onDropped: (count, why) => log("warn", "spans were dropped", { count, why }),
}).catch((error: Error) => die(error.message));
const connection = connect(config.databaseUrl, {
  max: config.connections,
  link: directLink(config.databaseUrl),
});
const running = new Set<Promise<unknown>>();

function after(work: () => Promise<unknown>): void {
  const promise = work()
    .catch((error: unknown) => logFailure("work after the answer failed", error))
    .finally(() => running.delete(promise));
  running.add(promise);
}

const edge: Edge = {
  connection,
  adminToken: config.adminToken,
  adminRequestsPerMinute: config.adminRequestsPerMinute,
  limits: config.limits,
  webhook: config.webhook,
  secretKeys: config.secretKeys,
  ...(config.publicOrigin === undefined ? {} : { publicOrigin: config.publicOrigin }),
  ...(traces === null ? {} : { traces }),
  files: dashboardFolder(),
  after,
};
const manager = serviceManager(process.env);
const fd = inheritedSocket(process.env);
const place = fd === null ? { host: config.host, port: config.port } : { fd };
const server = await listen(edge, place, config.trustedProxies).catch((error: Error) => {
  const where = fd === null ? `on ${config.host}:${config.port}` : "on the socket of the service manager";
  console.error(`warmpool server: cannot listen ${where}: ${error.message}`);
  process.exit(1);
});
const timer = config.sweepSeconds > 0 ? setInterval(runSweep, config.sweepSeconds * 1000) : undefined;
if (timer !== undefined) runSweep();

function runSweep(): void {
  after(async () => {
    for (const { duty, outcome, error } of await sweep(connection.db, config.webhook)) {
      if (outcome === "failed") log("error", "duty failed", { duty, error });
    }
  });
}

/** A request under way gets so long, then its caller is hung up on. Streams and long polls end at once. */
const REQUEST_MS = 4000;
/** And then a sweep gets so long: whoever waits for a database that is out of reach waits for minutes. */
const WORK_MS = 4000;
/** Spans get so long in the same time. */
const TRACES_MS = 2000;
/** And then a statement. */
const STATEMENT_SECONDS = 1;

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
// Not earlier: a script that reads this line may stop the server immediately.
log("info", "listening", { host: fd === null ? config.host : server.host, port: server.port });
manager.ready();

async function stop(): Promise<void> {
  manager.stopping();
  clearInterval(timer);
  await server.close(REQUEST_MS);
  // What is cut off here is what a kill would cut off: the next sweep takes it up.
  await Promise.race([Promise.allSettled([...running, traces?.close(TRACES_MS)]), delay(WORK_MS)]);
  await connection.close(STATEMENT_SECONDS);
  process.exit(0);
}

function readConfig() {
  const { env } = process;
  const databaseUrl = env["DATABASE_URL"] ?? "";
  const adminToken = env["WARMPOOL_ADMIN_TOKEN"] ?? "";
  if (databaseUrl === "")
    die("DATABASE_URL is not set; set it to the postgres:// URL of a migrated database");
  const database = readDatabaseUrl(databaseUrl);
  if ("problem" in database) die(`DATABASE_URL cannot be used: ${database.problem}`);
  const tokenProblem = adminTokenProblem(adminToken);
  if (tokenProblem !== null) die(tokenProblem);
  const webhook = readWebhook(env["WARMPOOL_WEBHOOK_URL"], env["WARMPOOL_WEBHOOK_SECRET"]);
  if (webhook !== null && "problem" in webhook) die(webhook.problem);
  const secretKeys = readSecretKeys(env["WARMPOOL_SECRET_KEY"]);
  if (secretKeys !== NO_SECRET_KEYS && "problem" in secretKeys) die(secretKeys.problem);
  const publicUrl = readPublicUrl(env["WARMPOOL_PUBLIC_URL"]);
  if (publicUrl !== null && "problem" in publicUrl) die(publicUrl.problem);
  const trusted = readTrustedProxies(env["WARMPOOL_TRUSTED_PROXIES"]);
  if ("problem" in trusted) die(trusted.problem);
  const { limits, problems } = readLimits((name) => env[name]);
  if (problems[0] !== undefined) die(problems[0]);
  return {
    databaseUrl,
    limits,
    secretKeys,
    publicOrigin: publicUrl?.origin,
    trustedProxies: trusted.proxies,
    webhook,
    adminToken,
    host: env["HOST"] ?? "127.0.0.1",
    port: whole("PORT", 8787, 0),
    connections: whole("WARMPOOL_DATABASE_CONNECTIONS", 20, 1),
    adminRequestsPerMinute: whole("WARMPOOL_ADMIN_REQUESTS_PER_MINUTE", ADMIN_REQUESTS_PER_MINUTE, 1),
    /** 0 leaves the sweep to somebody else. */
    sweepSeconds: whole("WARMPOOL_SWEEP_SECONDS", 60, 0),
  };
}

type Setting =
  | "PORT"
  | "WARMPOOL_DATABASE_CONNECTIONS"
  | "WARMPOOL_ADMIN_REQUESTS_PER_MINUTE"
  | "WARMPOOL_SWEEP_SECONDS";

function whole(name: Setting, fallback: number, min: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min)
    die(`${name} is ${text}; it must be a whole number, ${min} or more`);
  return value;
}

function die(message: string): never {
  console.error(`warmpool server: ${message}`);
  process.exit(2);
}
