import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../harness/part.ts";
import { run } from "../../harness/program.ts";
import { until } from "../../../test/helpers/until.ts";
import { answersAt } from "./answersAt.ts";
import { startUnprivileged } from "../../harness/unprivileged.ts";

/** PgBouncer before the database, in transaction mode: few sessions, which all connections share. */
export type Pooler = { port: number; stop(): Promise<void> };

const SESSIONS = 4;

/** Whether this host has it: CI does, a developer's machine need not. */
export async function hasPgbouncer(): Promise<boolean> {
  return (await run("sh", ["-c", "PATH=$PATH:/usr/sbin; pgbouncer --version"])).code === 0;
}

/**
 * @param folder is made for it, and removed when it stops
 * @throws Error if it does not answer; nothing is left then
 */
export async function startPooler(databaseUrl: string, folder: string): Promise<Pooler> {
  const port = await freePort();
  const { hostname, port: there, username, password } = new URL(databaseUrl);
  const settings = `[databases]
* = host=${hostname} port=${there} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SESSIONS}
max_client_conn = 400
`;
  const file = join(folder, "pgbouncer.ini");
  await mkdir(folder);
  await chmod(folder, 0o711);
  await writeFile(file, settings, { mode: 0o600 });
  const pooler = await startUnprivileged(["pgbouncer", "--quiet", file], folder, `${folder}.log`);
  const stop = async (): Promise<void> => {
    await pooler.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until("the pooler to listen", () => !pooler.hasEnded() && answersAt(port));
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
