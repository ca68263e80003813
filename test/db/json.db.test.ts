import { sql } from "drizzle-orm";
import { getTableConfig } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { TABLES } from "../../scripts/docs/columns.ts";
import { connect, type Db, rows } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { json } from "../../src/domain/core/event.ts";
import { testDb } from "../helpers/db.ts";
import { assign, labelNode, release } from "../helpers/leftToSweep.ts";
import { ADMIN, APP, KEY_A, makeWorld, NODE } from "../helpers/world.ts";

/** A driver that encodes a jsonb parameter once more stores every value as a string, and reports no error. */
const VALUES: [type: string, value: unknown][] = [
  ["object", { shape: { cpus: 2 }, text: 'a "quoted" text' }],
  ["array", ["a", { b: 1 }]],
  ["string", "text"],
  ["number", 7],
  ["boolean", false],
];

test.each(VALUES)(
  "json: a value that is a JSON %s → stored as one, and read as it was",
  async (type, value) => {
    await using t = await testDb();
    const statement = sql`select jsonb_typeof(${json(value)}) as type, ${json(value)} as value`;
    expect(await rows(t.db, statement)).toEqual([{ type, value }]);
    // A statement with a name knows the types of its parameters from its second run on.
    const connection = connect(t.url, { max: 1, link: directLink(t.url) });
    try {
      for (let run = 0; run < 3; run += 1) {
        expect(await connection.prepared(statement)).toEqual([{ type, value }]);
        await connection.db.execute(sql`select 1`);
      }
    } finally {
      await connection.close();
    }
  },
);

test("json: after a machine, its tester and its set-up, no jsonb column holds a string", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  await labelNode(t.db, { name: NODE, labels: ["rack-1"] }, ADMIN);
  await release(t.db, { username: "alice" }, APP);
  await relay.workOff();

  const types = await typesOfJson(t.db);
  expect(types.filter(({ type }) => type === "string")).toEqual([]);
  const filled = new Set(types.filter(({ type }) => type !== null).map(({ column }) => column));
  for (const column of [
    "pools.spec",
    "nodes.labels",
    "machines.host_key",
    "assignments.ssh_keys",
    "events.data",
  ])
    expect([...filled]).toContain(column);
});

async function typesOfJson(db: Db) {
  const columns = TABLES.flatMap((table) =>
    getTableConfig(table)
      .columns.filter((column) => column.getSQLType() === "jsonb")
      .map(({ name }) => ({ table, name })),
  );
  const selects = columns.map(
    ({ table, name }) =>
      sql`select distinct ${`${getTableConfig(table).name}.${name}`} as "column", jsonb_typeof(${sql.identifier(name)}) as type from ${table}`,
  );
  return rows<{ column: string; type: string | null }>(db, sql.join(selects, sql` union all `));
}
