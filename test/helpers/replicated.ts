import { execFile } from "node:child_process";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import { connect, rows } from "../../src/db/client.ts";
import { type RunningPostgres, startPostgres } from "../../src/stack/postgres.ts";
import { until } from "./until.ts";

/** Two Postgres servers of a test's own, the second a standby that follows the first by streaming replication. */
export type Replicated = AsyncDisposable & {
  primary: RunningPostgres;
  standby: RunningPostgres;
  /** The standby has all that the primary has committed, and becomes a primary itself. */
  promote(): Promise<void>;
  /** From now on the primary acknowledges only what the standby has stored as well. */
  synchronous(): Promise<void>;
  /** The primary is gone at once, as by a power failure; the standby becomes a primary. */
  lose(): Promise<void>;
};

const PROMOTE = "select pg_promote(true, 60)";

/** One statement in a session of its own. */
export async function saying<T>(url: string, text: string): Promise<T[]> {
  const connection = connect(url, { max: 1 });
  try {
    const found: unknown[] = await rows(connection.db, sql.raw(text));
    return found as T[];
  } finally {
    await connection.close();
  }
}

/**
 * @param fill is given the URL of the primary before the standby is made
 * @param folder of these two alone
 */
export async function startReplicated(
  folder: string,
  fill: (url: string) => Promise<void>,
): Promise<Replicated> {
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  const before = await startPostgres({ folder: first, keep: "durable" });
  await fill(before.url);
  await before[Symbol.asyncDispose]();
  // A base backup of a server that is stopped is a copy of its folder.
  await promisify(execFile)("cp", ["-a", "--", first, second]);
  const primary = await startPostgres({ folder: first, keep: "durable" });
  const data = join(second, "data");
  const { username, password, port } = new URL(primary.url);
  const way = `host=127.0.0.1 port=${port} user=${username} password=${password}`;
  await appendFile(join(data, "postgresql.auto.conf"), `primary_conninfo = '${way}'\n`);
  await writeFile(join(data, "standby.signal"), "");
  await rm(join(data, "postmaster.pid"), { force: true });
  const standby = await startPostgres({ folder: second, keep: "durable" });
  await until("the standby to follow", async () => {
    const [seen] = await saying<{ n: number }>(
      primary.url,
      "select count(*)::int as n from pg_stat_replication where state = 'streaming'",
    );
    return seen?.n === 1;
  });
  return {
    primary,
    standby,
    promote: async () => {
      const [{ at } = { at: "0/0" }] = await saying<{ at: string }>(
        primary.url,
        "select pg_current_wal_flush_lsn()::text as at",
      );
      await until("the standby to have all", async () => {
        const [seen] = await saying<{ has: boolean }>(
          standby.url,
          `select pg_last_wal_replay_lsn() >= '${at}'::pg_lsn as has`,
        );
        return seen?.has;
      });
      await saying(standby.url, PROMOTE);
    },
    synchronous: async () => {
      await saying(primary.url, "alter system set synchronous_standby_names = 'ANY 1 (*)'");
      await saying(primary.url, "select pg_reload_conf()");
      await until("the standby to be synchronous", async () => {
        const [seen] = await saying<{ is: string }>(
          primary.url,
          "select sync_state as is from pg_stat_replication",
        );
        return seen?.is === "sync";
      });
    },
    lose: async () => {
      process.kill(primary.pid, "SIGKILL");
      await saying(standby.url, PROMOTE);
    },
    [Symbol.asyncDispose]: async () => {
      await standby[Symbol.asyncDispose]();
      await primary[Symbol.asyncDispose]();
    },
  };
}
