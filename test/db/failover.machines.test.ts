import { expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { migrate } from "../../src/db/migrate.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { type RunningPostgres, startPostgres } from "../../src/stack/postgres.ts";
import { testDb } from "../helpers/db.ts";
import { movingAddress } from "../helpers/movingAddress.ts";
import { saying } from "../helpers/replicated.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";
import { APP, KEY_A, makeWorld } from "../helpers/world.ts";
import { isNight } from "../helpers/nightly.ts";

/** A server of its own with a migrated database that has the name, the user and the password of the one in `url`. */
async function twinOf(url: string, folder: string): Promise<RunningPostgres & { own: string }> {
  const server = await startPostgres({ folder, keep: "throwaway" });
  const { username, password, pathname } = new URL(url);
  const literal = `'${decodeURIComponent(password).replaceAll("'", "''")}'`;
  const role = `"${decodeURIComponent(username)}"`;
  if (!server.url.startsWith(`postgres://${username}:`)) {
    await saying(server.url, `create role ${role} superuser login`);
  }
  const own = new URL(server.url);
  await saying(own.href, `create database "${pathname.slice(1)}"`);
  await saying(own.href, `alter role ${role} password ${literal}`);
  Object.assign(own, { username, password, pathname });
  await migrate(own.href);
  const connection = connect(own.href);
  await makeWorld(connection.db);
  await connection.close();
  return { ...server, own: own.href };
}

test.runIf(isNight)(
  "the primary turns read-only and another takes over under load: refused assigns end, and nothing is written to the old one",
  async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using folder = await temporaryFolder();
    await using old = await twinOf(t.url, folder.path);
    await using address = await movingAddress(old.port);
    const url = old.own.replace(`:${old.port}/`, `:${address.port}/`);
    const connection = connect(url, { max: 4, link: directLink(url) });
    let asked = 0;
    const round = () =>
      Promise.allSettled(
        Array.from({ length: 6 }, () =>
          assign(connection, { username: `t${(asked += 1)}`, sshKeys: [KEY_A] }, APP),
        ),
      );
    const isFine = (outcomes: PromiseSettledResult<unknown>[]) =>
      outcomes.every(({ status }) => status === "fulfilled");
    try {
      expect(isFine(await round())).toBe(true);
      const load = [round(), round()];
      await saying(old.own, "alter system set default_transaction_read_only = on");
      await saying(old.own, "select pg_reload_conf()");
      await until("the old primary to be read-only", async () => {
        const [shown] = await saying<{ is: string }>(
          old.own,
          "select current_setting('default_transaction_read_only') as is",
        );
        return shown?.is === "on";
      });
      await Promise.all(load);
      const [before] = await saying<{ n: number }>(old.own, "select count(*)::int as n from assignments");
      await round();
      address.moveTo(Number(new URL(t.url).port));
      await until("refusals to end", async () => isFine(await round()) && isFine(await round()));
      expect(await saying(old.own, "select count(*)::int as n from assignments")).toEqual([before]);
      const [taken] = await saying<{ n: number }>(t.url, "select count(*)::int as n from assignments");
      expect(taken?.n).toBeGreaterThanOrEqual(12);
    } finally {
      await connection.close(0);
    }
  },
);
