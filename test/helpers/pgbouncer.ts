import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../src/stack/ports.ts";
import { postgresAnswers } from "../../src/stack/postgresAnswer.ts";
import { unprivileged } from "../../src/stack/unprivileged.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { until } from "./until.ts";

/** Where Debian puts it is not in everybody's PATH. */
const ENV = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };

/** It is in Debian's package of that name. CI has it, a developer's machine need not. */
export function hasPgbouncer(): boolean {
  try {
    execFileSync("pgbouncer", ["--version"], { env: ENV });
    return true;
  } catch {
    return false;
  }
}

export type Pooler = AsyncDisposable & {
  /** The database's URL by way of the pooler. */
  url: string;
};

/**
 * A pooler before a test's database, on loopback.
 * @param sessions sessions of Postgres at most; as few as that are shared by all connections in mode `transaction`
 */
export async function startPgbouncer(
  databaseUrl: string,
  mode: "transaction" | "session",
  sessions: number,
): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const folder = await temporaryFolder();
  const port = await freePort();
  const file = join(folder.path, "pgbouncer.ini");
  const { wrap, own } = await unprivileged();
  const server = `host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}`;
  await writeFile(
    file,
    `[databases]
* = ${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${sessions}
max_client_conn = 200
`,
    { mode: 0o600 },
  );
  await own(file);
  const { command, args } = wrap("pgbouncer", ["--quiet", file]);
  const pooler = spawn(command, args, { env: ENV, stdio: "ignore" });
  const ended = once(pooler, "exit");
  await until("the pooler to answer", () => postgresAnswers(port, 1000));
  target.port = String(port);
  return {
    url: target.href,
    async [Symbol.asyncDispose]() {
      pooler.kill("SIGKILL");
      await ended;
      await folder[Symbol.asyncDispose]();
    },
  };
}
