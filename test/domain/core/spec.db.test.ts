import { type SQL, sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type PoolSpec, poolSpec } from "../../../src/contract/pool.ts";
import { SPEC_DEFAULTS } from "../../../src/contract/specDefaults.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { specField, specNumber, specOf, specText } from "../../../src/domain/core/spec.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { planPoolChange } from "../../../src/domain/pools/preview.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, makeWorld, specOf as wish } from "../../helpers/world.ts";

const whole = poolSpec.parse(wish());
const defaults = Object.keys(SPEC_DEFAULTS) as (keyof typeof SPEC_DEFAULTS)[];

async function read(db: Db, what: SQL): Promise<unknown> {
  const [row] = await rows<{ value: unknown }>(db, sql`select ${what} as value from pools p`);
  return row?.value;
}

/** A pool that was stored before any field with a default existed. */
async function storedEarly(db: Db): Promise<void> {
  await makeWorld(db);
  for (const name of defaults) await db.execute(sql`update pools set spec = spec - ${name}::text`);
}

test("a field that may be left out and means something: SPEC_DEFAULTS has its meaning", () => {
  const needed = new Set<string>(Object.keys(wish()));
  const filled = Object.entries(whole).filter(([name]) => !needed.has(name));
  expect(Object.fromEntries(filled)).toEqual(SPEC_DEFAULTS);
});

test("a stored spec without the fields that have defaults: reads as one that was parsed", async () => {
  await using t = await testDb();
  await storedEarly(t.db);
  expect(await read(t.db, specOf())).toEqual(whole);
  for (const [name, value] of Object.entries(whole) as [keyof PoolSpec, unknown][]) {
    expect(await read(t.db, specField(name))).toEqual(value);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (typeof value !== "object") expect(await read(t.db, specText(name))).toBe(text);
    if (typeof value === "number") expect(await read(t.db, specNumber(name))).toBe(value);
  }
  expect(await read(t.db, specNumber("machineTtlSeconds"))).toBeNull();
});

test("a stored spec with other values than the defaults: keeps them", async () => {
  await using t = await testDb();
  const others = { failureThreshold: 5, sudo: true, placement: "pack", holdFailedSeconds: 0 } as const;
  await makeWorld(t.db, others);
  expect(await read(t.db, specOf())).toEqual({ ...whole, ...others });
  for (const [name, value] of Object.entries(others) as [keyof PoolSpec, unknown][])
    expect(await read(t.db, specField(name))).toBe(value);
});

test("a pool that was stored early: shows its defaults, and putting it again changes nothing", async () => {
  await using t = await testDb();
  await storedEarly(t.db);
  expect((await getPool(t.db, "demo")).spec).toEqual(whole);
  expect((await planPoolChange(t.db, whole)).changed).toEqual([]);
  const told = async () => rows(t.db, sql`select 1 from events where reason = 'spec_changed'`);
  const before = await told();
  await putPool(t.db, whole, ADMIN);
  expect(await told()).toEqual(before);
});
