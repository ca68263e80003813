import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { KEY_A, specOf } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { recorder } from "../recorder.ts";
import { unwrapped, warmpool } from "../run.ts";

/** `warmpool apply`, against the real API. What it asks before it destroys is in destroy.db.test.ts. */

const recipe = {
  name: "greeter",
  steps: [{ id: "hello", title: "Say hello", script: "echo hello", timeoutSeconds: 9 }],
};
const second = specOf({ name: "second", recipe: "greeter", targetSize: 0, maxSize: 1 });

async function place() {
  const at = await installation({ targetSize: 1, maxSize: 3 });
  const folder = await temporaryFolder();
  const { spec } = await at.client.pool.get.query({ name: "demo" });
  return {
    ...at,
    folder: folder.path,
    spec,
    declare: (name: string, content: unknown) => writeFile(join(folder.path, name), JSON.stringify(content)),
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await at[Symbol.asyncDispose]();
    },
  };
}

test("a folder: the plan changes nothing, applying makes it so, and applying again calls nothing that changes", async () => {
  await using at = await place();
  await using recorded = await recorder(at.url);
  const changing = () =>
    recorded.paths.filter((path) => path.startsWith("POST") && !path.endsWith("/pool.plan"));
  await at.declare("pools.yaml", { pools: [{ ...at.spec, targetSize: 2 }, second], recipes: [recipe] });
  await at.declare("rest.json", {
    nodes: [
      { name: "n1", labels: ["ssd"] },
      { name: "n9", labels: [] },
    ],
    tokens: [{ name: "main-app", role: "app" }],
  });

  const planned = await warmpool(["apply", at.folder, "--plan"], { url: recorded.url });
  expect(planned).toMatchObject({ code: 0, stderr: "" });
  expect(planned.stdout).toMatch(
    /^\+ recipe greeter\n {2}It would be new: 1 step\.\n~ node n1\n {2}\+ labels: "ssd"\n/,
  );
  expect(planned.stdout).toMatch(
    /^~ pool demo\n {2}- targetSize: 1\n {2}\+ targetSize: 2\n {2}It would change: targetSize\. 1 machine would be created\./m,
  );
  expect(planned.stdout).toMatch(/^! node n9\n {2}It is not enrolled\. To begin:/m);
  expect(planned.stdout).toMatch(/^! token main-app\n/m);
  expect(planned.stdout).toMatch(/^2 would be created, 2 would be changed; left to you: 2\.\n$/m);
  expect(changing()).toEqual([]);

  const applied = await warmpool(["apply", at.folder], { url: recorded.url });
  expect(applied, applied.stderr).toMatchObject({
    code: 0,
    stdout: "2 created, 2 changed; left to you: 2.\n",
  });
  expect(await at.client.pool.get.query({ name: "demo" })).toMatchObject({ spec: { targetSize: 2 } });
  expect(await at.client.pool.get.query({ name: "second" })).toMatchObject({ spec: second });
  expect(await at.client.node.list.query()).toMatchObject([{ labels: ["ssd"] }]);
  expect(changing()).toHaveLength(4);

  const again = await warmpool(["apply", at.folder], { url: recorded.url });
  expect(again).toMatchObject({ code: 0, stdout: "Nothing to change; unchanged: 4; left to you: 2.\n" });
  expect(changing()).toHaveLength(4);
});

test("--json: the changes, whether they were applied, and no words", async () => {
  await using at = await place();
  await at.declare("all.json", { pools: [{ ...at.spec, targetSize: 2 }] });
  const file = join(at.folder, "all.json");
  const change = { kind: "pool", name: "demo", action: "change", removesMachines: false };
  const planned = await warmpool(["apply", file, "--plan", "--json"], at);
  expect(JSON.parse(planned.stdout)).toMatchObject({
    applied: false,
    changes: [{ ...change, differences: [{ path: "targetSize", before: 1, after: 2 }] }],
  });
  const applied = await warmpool(["apply", file, "-o", "json"], at);
  expect(applied.stderr).toBe("");
  expect(JSON.parse(applied.stdout)).toMatchObject({ applied: true, changes: [change] });
  const csv = await warmpool(["apply", file, "-o", "csv", "--columns", "kind,name,action"], at);
  expect(csv.stdout).toBe("KIND,NAME,ACTION\r\npool,demo,none\r\n");
});

test("on a terminal it asks before any change, and not if there is none", async () => {
  await using at = await place();
  await at.declare("all.json", { ...at.spec, targetSize: 2 });
  const file = join(at.folder, "all.json");
  const declined = await warmpool(["apply", file], { ...at, terminal: 80, answers: "n" });
  expect(declined).toMatchObject({ code: 1, stdout: "" });
  expect(declined.stderr).toContain("Changes that would be made: 1.\nDo it? [y/N]");
  expect(await at.client.pool.get.query({ name: "demo" })).toMatchObject({ spec: { targetSize: 1 } });
  expect(await warmpool(["apply", file], { ...at, terminal: 80, answers: "y" })).toMatchObject({ code: 0 });
  const again = await warmpool(["apply", file], { ...at, terminal: 80, answers: "n" });
  expect(again).toMatchObject({ code: 0, stdout: "Nothing to change; unchanged: 1.\n" });
});

test("--prune removes what is not declared; without it nothing is removed", async () => {
  await using at = await place();
  await at.client.pool.put.mutate(specOf({ name: "old", targetSize: 0, maxSize: 1 }));
  await at.declare("all.json", at.spec);
  const file = join(at.folder, "all.json");
  expect(await warmpool(["apply", file], at)).toMatchObject({ stdout: "Nothing to change; unchanged: 1.\n" });
  const pruned = await warmpool(["apply", file, "--prune", "--yes"], at);
  expect(pruned).toMatchObject({ code: 0, stdout: "1 removed; unchanged: 1.\n" });
  expect(pruned.stderr).toMatch(/^- pool old\n {2}The pool old is not declared/);
  expect((await at.client.pool.list.query()).map(({ name }) => name)).toEqual(["demo"]);
});

test("--prune: a pool that testers use, or nothing declared → refused before anything is changed", async () => {
  await using at = await place();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  await at.declare("all.json", { pools: [second], recipes: [recipe] });
  const used = await warmpool(["apply", join(at.folder, "all.json"), "--prune", "--yes"], at);
  expect(used).toMatchObject({ code: 4, stdout: "" });
  expect(unwrapped(used.stderr)).toContain(
    "the pool demo is not declared, and 1 testers have or wait for a machine of it",
  );
  await at.client.tester.release.mutate({ username: "alice" });
  const plan = await warmpool(["apply", join(at.folder, "all.json"), "--prune", "--plan"], at);
  expect(plan.stdout).toMatch(/^- pool demo$/m);
  await at.declare("all.json", { recipes: [recipe] });
  const none = await warmpool(["apply", join(at.folder, "all.json"), "--prune", "--yes"], at);
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toContain("no pool is declared");
  expect((await at.client.recipe.list.query()).map(({ name }) => name)).not.toContain("greeter");
});

test("a recipe that is neither stored nor declared → 3, and nothing is changed", async () => {
  await using at = await place();
  await at.declare("all.json", { pools: [second], nodes: [{ name: "n1", labels: ["ssd"] }] });
  const ran = await warmpool(["apply", join(at.folder, "all.json")], at);
  expect(ran).toMatchObject({ code: 3, stdout: "" });
  expect(ran.stderr).toContain("greeter");
  expect(await at.client.node.list.query()).toMatchObject([{ labels: [] }]);
});
