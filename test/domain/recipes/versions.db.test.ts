import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { listEvents } from "../../../src/domain/events/list.ts";
import { removePool } from "../../../src/domain/pools/remove.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { getRecipe, listRecipes, putRecipe } from "../../../src/domain/recipes/recipes.ts";
import {
  chooseVersion,
  recipeVersions,
  removeRecipe,
  rollbackRecipe,
} from "../../../src/domain/recipes/versions.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld, RECIPE, specOf } from "../../helpers/world.ts";

test("a rollback makes an earlier version current again, and a second one goes back to the later", async () => {
  await using t = await testDb();
  const first = await putRecipe(t.db, RECIPE, ADMIN);
  await expect(rollbackRecipe(t.db, { name: "plain" }, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  const second = await putRecipe(t.db, { ...RECIPE, params: {} }, ADMIN);
  const third = await putRecipe(t.db, { ...RECIPE, params: { other: {} } }, ADMIN);
  expect((await recipeVersions(t.db, "plain")).map(({ version, isCurrent }) => [version, isCurrent])).toEqual(
    [
      [third.version, true],
      [second.version, false],
      [first.version, false],
    ],
  );
  expect(await rollbackRecipe(t.db, { name: "plain" }, ADMIN)).toEqual(second);
  expect(await getRecipe(t.db, "plain")).toEqual(second);
  expect(await rollbackRecipe(t.db, { name: "plain", version: first.version.slice(0, 8) }, ADMIN)).toEqual(
    first,
  );
  expect(await rollbackRecipe(t.db, { name: "plain" }, ADMIN)).toEqual(second);
  const told = await listEvents(t.db, { kind: "recipe", limit: 1 });
  expect(told.items[0]).toMatchObject({
    reason: "rolled_back",
    before: first.version,
    after: second.version,
  });
  await expect(rollbackRecipe(t.db, { name: "none" }, ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a recipe in use is not removed: the refusal names who uses it; removed, no pool may name it", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await expect(removeRecipe(t.db, "plain", ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message:
      "recipe plain is used by pool demo: give it another recipe first; and by the assignments of alice: release them first",
  });
  await removePool(t.db, { name: "demo", release: true }, ADMIN);
  await putRecipe(t.db, { ...RECIPE, params: {} }, ADMIN);
  expect(await removeRecipe(t.db, "plain", ADMIN)).toEqual({ name: "plain", versions: 2 });
  expect(await listRecipes(t.db)).toEqual([]);
  await expect(getRecipe(t.db, "plain")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(removeRecipe(t.db, "plain", ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(putPool(t.db, poolSpec.parse(specOf()), ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });

  const again = await putRecipe(t.db, RECIPE, ADMIN);
  expect((await recipeVersions(t.db, "plain")).map(({ version }) => version)).toEqual([again.version]);
  await putPool(t.db, poolSpec.parse(specOf()), ADMIN);
});

test.each([
  ["abc", ["abcd", "abce"], "CONFLICT"],
  ["abcd", ["abcd", "abce"], "abcd"],
  ["ffff", ["abcd"], "NOT_FOUND"],
  [undefined, ["abcd"], "CONFLICT"],
  [undefined, ["abcd", "abce", "abcf"], "abce"],
])("of the digits %j among %j it is %s", (wanted, all, outcome) => {
  const choose = () =>
    chooseVersion(
      all.map((version) => ({ version })),
      "plain",
      wanted,
    );
  if (/^[A-Z_]+$/.test(outcome)) expect(choose).toThrow(expect.objectContaining({ code: outcome }) as Error);
  else expect(choose()).toBe(outcome);
});
