import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { recipe, type Recipe } from "../../src/contract/recipe.ts";
import { setUp } from "../../src/relay/setup/setup.ts";
import { TestLease } from "./helpers/lease.ts";
import { testNode, testAtNight } from "./helpers/node.ts";
import { setupOperation } from "./helpers/setup.ts";
import { deadline } from "../helpers/patience.ts";

const folder = new URL("../../recipes/example/", import.meta.url);

/** The recipe as it travels: the scripts' text in place of their names. */
async function exampleRecipe(): Promise<Recipe> {
  const written = JSON.parse(await readFile(new URL("recipe.json", folder), "utf8")) as Recipe;
  const steps = await Promise.all(
    written.steps.map(async (step) => ({
      ...step,
      script: await readFile(new URL(step.script, folder), "utf8"),
    })),
  );
  return recipe.parse({ ...written, steps });
}

testAtNight("serves a page from the tester's own account, and only once however often it runs", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const { steps } = await exampleRecipe();
  const params = { greeting: `Hi <there> & "all"` };
  const operation = setupOperation(machine, [], {
    params,
    recipe: { name: "example", version: "1", steps },
  });
  const result = await setUp(operation, new TestLease(), node.tools);
  expect(result).toMatchObject({
    outcome: "set_up",
    outputs: { url: `http://127.0.0.1:${machine.httpPort}/` },
  });

  const page = await (await fetch(`http://127.0.0.1:${machine.httpPort}/`, { signal: deadline(5) })).text();
  expect(page).toContain(`<h1>Hi &lt;there&gt; &amp; "all"</h1>`);
  expect(page).toContain("Hello <b>alice</b>");
  const servers = "for p in $(pgrep -x perl); do stat -c %U /proc/$p; done";
  expect(await node.read(machine, servers)).toBe("alice");

  // Another operation with other inputs: every step runs again, and finds the server that is there.
  const again = setupOperation(
    machine,
    [],
    { ...operation.assignment, params: { greeting: "Second" } },
    { token: 2 },
  );
  expect(await setUp(again, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, servers)).toBe("alice");
  expect(
    await (await fetch(`http://127.0.0.1:${machine.httpPort}/`, { signal: deadline(5) })).text(),
  ).toContain("<h1>Second</h1>");
});
