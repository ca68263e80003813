import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { Link, type LinkFault } from "../../verify/chaos/far/link.ts";
import { connect, type Connection, rows } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { isUnavailable } from "../../src/db/failure.ts";
import { testDb } from "../helpers/db.ts";
import { until } from "../helpers/until.ts";

/** Short, so that the test is; a server is given more. */
const SILENT_SECONDS = 1;

/** A server's connection, one at a time, over a way that can go half open. */
async function overLink(url: string): Promise<{ link: Link; connection: Connection }> {
  const target = new URL(url);
  const link = await Link.listen({ host: target.hostname, port: Number(target.port) });
  target.port = String(link.port);
  const connection = connect(target.href, { max: 1, link: directLink(target.href, SILENT_SECONDS) });
  onTestFinished(async () => {
    await connection.close(0);
    await link.close();
  });
  return { link, connection };
}

test("a statement on a half-open connection fails as unavailable, and the next one has another connection", async () => {
  await using t = await testDb();
  const { link, connection } = await overLink(t.url);
  await rows(connection.db, sql`select 1`);
  const silence = link.silence();
  expect(silence.hits()).toBe(1);
  const lost = rows(connection.db, sql`select 2`).catch((error: unknown) => error);
  silence.end();
  expect(isUnavailable(await lost)).toBe(true);
  expect(await rows(connection.db, sql`select 3 as n`)).toEqual([{ n: 3 }]);
});

test("what a half-open connection has locked is free again after a while", async () => {
  await using t = await testDb();
  const { link, connection } = await overLink(t.url);
  const silences: LinkFault[] = [];
  const held = connection.db
    .transaction(async (tx) => {
      await rows(tx, sql`select 1 from settings for update`);
      silences.push(link.silence());
      await rows(tx, sql`select 1`);
    })
    .catch(() => undefined);
  await until("the lock to be free", async () => {
    const found = await rows(t.db, sql`select 1 from settings for update skip locked`);
    return found.length === 1;
  });
  for (const silence of silences) silence.end();
  await held;
});
