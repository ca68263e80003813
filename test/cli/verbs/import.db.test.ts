import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { specOf } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { longest, unwrapped, warmpool } from "../run.ts";

/** `warmpool import`, against the real API. */

const recipe = {
  name: "greeter",
  params: { WHOM: { required: true }, HOW: { default: "loudly" } },
  steps: [{ id: "hello", title: "Say hello", script: "echo hello", timeoutSeconds: 9 }],
};

async function place(content: unknown) {
  const at = await installation({ targetSize: 2, maxSize: 3 });
  const folder = await temporaryFolder();
  const file = join(folder.path, "all.json");
  await writeFile(file, JSON.stringify(content));
  return {
    ...at,
    file,
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await at[Symbol.asyncDispose]();
    },
  };
}

test("recipes and the pools that want them go in together, after it was said what will be", async () => {
  await using at = await place({ recipes: [recipe], pools: [specOf({ name: "second", recipe: "greeter" })] });
  const planned = await warmpool(["import", at.file, "--plan"], at);
  expect(planned).toMatchObject({ code: 0, stderr: "" });
  expect(planned.stdout).toBe(
    "Recipe greeter: would be new, 1 step.\nPool second: would be new, 0 ready, 10 at most, with the recipe greeter of this\nfile.\n",
  );
  expect(await at.client.pool.list.query()).toHaveLength(1);
  const done = await warmpool(["import", at.file], at);
  expect(done).toMatchObject({ code: 0, stdout: "Stored: 1 recipe, 1 pool.\n" });
  expect(done.stderr).toBe(planned.stdout);
  expect(longest(done.stderr)).toBeLessThanOrEqual(80);
  expect(await at.client.pool.get.query({ name: "second" })).toMatchObject({ spec: { recipe: "greeter" } });
  const again = await warmpool(["import", at.file], at);
  expect(again.stderr).toMatch(/^Recipe greeter: would not change, 1 step\.\n/);
});

test("what get --json gives can be imported as it is, and --json prints what the API answered", async () => {
  await using at = await place({});
  await at.client.recipe.put.mutate(recipe);
  const pool = JSON.parse((await warmpool(["pool", "get", "demo", "--json"], at)).stdout);
  const stored = JSON.parse((await warmpool(["recipe", "get", "greeter", "--json"], at)).stdout);
  await writeFile(at.file, JSON.stringify({ recipes: [stored], pools: [pool] }));
  const ran = await warmpool(["import", at.file, "--json"], at);
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({
    recipes: [{ name: "greeter", version: stored.version }],
    pools: [{ name: "demo", spec: pool.spec }],
  });
});

test("where machines would be removed nothing is done without --yes", async () => {
  await using at = await place({ pools: [specOf({ targetSize: 0, maxSize: 3 })] });
  const refused = await warmpool(["import", at.file], at);
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(refused.stderr).toMatch(/nothing is changed yet[\s\S]*Add --yes/);
  expect(await at.client.pool.get.query({ name: "demo" })).toMatchObject({ spec: { targetSize: 2 } });
  expect(await warmpool(["import", at.file, "--yes"], at)).toMatchObject({ code: 0 });
  expect(await at.client.pool.get.query({ name: "demo" })).toMatchObject({ spec: { targetSize: 0 } });
});

test.each([
  [{}, 2, "contains neither recipes nor pools"],
  [{ pool: [] }, 2, "pool: unknown field"],
  [{ pools: [specOf({ maxSize: -1 })] }, 2, "pools[0].maxSize"],
  [{ recipes: [recipe, recipe] }, 2, "recipes[1].name: greeter appears twice"],
  [{ pools: [specOf({ name: "third", recipe: "none" })] }, 3, "uses the recipe none"],
])("%j is refused, and nothing is stored", async (content, code, message) => {
  await using at = await place(content);
  const ran = await warmpool(["import", at.file], at);
  expect(ran).toMatchObject({ code, stdout: "" });
  expect(unwrapped(ran.stderr)).toContain(message);
  expect(await at.client.pool.list.query()).toHaveLength(1);
});
