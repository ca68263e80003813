import { sql } from "drizzle-orm";
import { expect, inject, test } from "vitest";
import { connect, rows } from "../../src/db/client.ts";
import { getSettings } from "../../src/domain/core/settings.ts";
import { testDb } from "../helpers/db.ts";
import { placesHeard, takeMisfits } from "./heard.ts";

test("a statement of src is heard with the place of its row type, and fits src/db/tables", async () => {
  await using t = await testDb();
  await getSettings(t.db);
  const declared = Object.keys(inject("declaredRows")).filter((place) => place.includes("core/settings.ts"));
  expect(declared).toHaveLength(1);
  expect(placesHeard()).toEqual(expect.arrayContaining(declared));
  const tables = connect(inject("tablesUrl"), { max: 1 });
  try {
    expect(await takeMisfits(tables.db)).toEqual([]);
  } finally {
    await tables.close();
  }
});

test("a statement that a test runs is not heard", async () => {
  await using t = await testDb();
  const before = placesHeard();
  await rows<{ one: number }>(t.db, sql`select 1 as one`);
  expect(placesHeard()).toEqual(before);
});

test("a column that src/db/tables does not have → the statement cannot be prepared, and the reason names it", async () => {
  const tables = connect(inject("tablesUrl"), { max: 1 });
  try {
    const unfit = await rows<{ statement: string; reason: string }>(
      tables.db,
      sql`select statement, reason from unfit(array[
        'select id, name from machines group by id',
        'select id from machines where dial_hots = $1'])`,
    );
    expect(unfit).toEqual([
      {
        statement: "select id from machines where dial_hots = $1",
        reason: 'column "dial_hots" does not exist',
      },
    ]);
  } finally {
    await tables.close();
  }
});
