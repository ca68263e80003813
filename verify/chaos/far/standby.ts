import { readFileSync, readlinkSync } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { freePort } from "../../harness/part.ts";
import { run } from "../../harness/program.ts";
import { until } from "../../../test/helpers/until.ts";
import { startUnprivileged } from "../../harness/unprivileged.ts";

/** A Postgres that follows the system's own by streaming replication: it answers, and nothing can be written to it. */
export type Standby = { port: number; stop(): Promise<void> };

const READY_SECONDS = 20;

/**
 * Takes a base backup of the running server and starts it as a standby.
 * @param folder is made for it, and removed when it stops
 * @throws Error if the server is not there or does not answer; nothing is left then
 */
export async function startStandby(databaseUrl: string, pid: number, folder: string): Promise<Standby> {
  const sql = client(databaseUrl);
  const data = join(folder, "data");
  await mkdir(folder);
  await chmod(folder, 0o711);
  const ends: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const port = await freePort();
    const command = commandLike(pid, data, port);
    await copyData(sql, databaseUrl, data);
    const server = await startUnprivileged(command, folder, `${folder}.log`);
    ends.push(() => server.stop());
    const url = new URL(databaseUrl);
    url.port = String(port);
    await until("the standby to answer", () => !server.hasEnded() && isStandby(url.href), {
      seconds: READY_SECONDS,
    });
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

function client(url: string): Sql {
  const options = { max: 1, connect_timeout: 3, fetch_types: false, onnotice: () => undefined };
  return postgres(url, { ...options, connection: { statement_timeout: 30_000 } });
}

/** The server's own command line, which has its settings, with another folder and port. */
function commandLike(pid: number, data: string, port: number): string[] {
  const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  const at = args.indexOf("-D") + 1;
  const own = args.map((arg, index) => (index === at ? data : arg.replace(/^port=\d+$/, `port=${port}`)));
  return [readlinkSync(`/proc/${pid}/exe`), ...own];
}

/** As https://www.postgresql.org/docs/15/continuous-archiving.html has it; the binaries of npm lack pg_basebackup. */
async function copyData(sql: Sql, databaseUrl: string, data: string): Promise<void> {
  const [place] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  await sql`select pg_backup_start('standby', true)`;
  // Files that go while they are copied are in the log that it will replay.
  await run("cp", ["-a", "--", place?.folder ?? "", data]);
  const [label] = await sql<{ labelfile: string }[]>`select labelfile from pg_backup_stop(false)`;
  await writeFile(join(data, "backup_label"), label?.labelfile ?? "");
  for (const file of ["postmaster.pid", "postmaster.opts"]) await rm(join(data, file), { force: true });
  const { hostname, port, username, password } = new URL(databaseUrl);
  const primary = `host=${hostname} port=${port} user=${username} password=${password}`;
  await writeFile(join(data, "postgresql.auto.conf"), `primary_conninfo = '${primary}'\n`);
  await writeFile(join(data, "standby.signal"), "");
}

async function isStandby(url: string): Promise<boolean> {
  const sql = client(url);
  try {
    const [found] = await sql<{ is: boolean }[]>`select pg_is_in_recovery() as is`;
    return found?.is === true;
  } finally {
    await sql.end({ timeout: 0 });
  }
}
