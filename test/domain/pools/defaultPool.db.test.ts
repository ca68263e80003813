import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import type { Db } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { ambiguity, setDefaultPool } from "../../../src/domain/pools/defaultPool.ts";
import { planPoolChange } from "../../../src/domain/pools/preview.ts";
import { removePool } from "../../../src/domain/pools/remove.ts";
import { listPools, putPool } from "../../../src/domain/pools/pools.ts";
import { resolvePool } from "../../../src/domain/core/whichPool.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld, specOf } from "../../helpers/world.ts";

const second = poolSpec.parse(specOf({ name: "second" }));
const warnings = async (db: Db) => (await planPoolChange(db, second)).warnings;
const SEVERAL = expect.stringContaining("`warmpool pool default demo`") as string;

test("callers who name no pool get the default's machine, however many pools there are", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  const alice = { username: "alice", sshKeys: [KEY_A] };
  expect(await warnings(t.db)).toEqual([SEVERAL]);
  expect((await planPoolChange(t.db, second)).text).toContain("calls that name none would be refused");
  await putPool(t.db, second, ADMIN);
  await expect(assign(t.connection, alice, APP)).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringContaining("warmpool pool default NAME") as string,
  });
  await expect(release(t.db, alice, APP)).rejects.toMatchObject({ code: "BAD_REQUEST" });

  expect(await setDefaultPool(t.db, "second", ADMIN)).toMatchObject({ name: "second", isDefault: true });
  expect((await listPools(t.db)).map(({ isDefault }) => isDefault)).toEqual([false, true]);
  expect((await assign(t.connection, alice, APP)).assignment.pool).toBe("second");
  expect((await release(t.db, alice, APP)).pool).toBe("second");
  expect(await resolvePool(t.db, "demo")).toBe("demo");

  await removePool(t.db, { name: "second", release: false }, ADMIN);
  expect(await resolvePool(t.db, undefined)).toBe("demo");
  await expect(setDefaultPool(t.db, "second", ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await setDefaultPool(t.db, "demo", ADMIN);
  expect(await warnings(t.db)).toEqual([]);
});

test.each<[string, string[], string | null, boolean]>([
  ["second", [], null, false],
  ["second", ["demo"], null, true],
  ["second", ["demo"], "demo", false],
  ["second", ["demo"], "second", true],
  ["second", ["demo"], "removed", true],
  ["default", ["demo"], null, true],
  ["default", ["demo", "second"], null, true],
  ["default", ["demo"], "demo", false],
  ["second", ["default"], null, false],
])("pool %s beside %j with the default %j: it warns: %s", (name, others, chosen, warns) => {
  expect(ambiguity(name, others, chosen) !== null).toBe(warns);
});

test("a pool named default beside the only one: callers who name none would go there, which the plan says", () => {
  expect(ambiguity("default", ["demo"], null)).toBe(
    "Calls that name no pool would use default instead of demo. To keep them on demo, run `warmpool pool default demo` first.",
  );
});
