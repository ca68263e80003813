import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRecipe } from "../../../src/cli/inputs/recipeFolder.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";

const step = { id: "hello", title: "Say hello", script: "steps/hello.sh", timeoutSeconds: 10 };
const good = { name: "greeter", params: { GREETING: { default: "hi" } }, steps: [step] };

async function folderOf(written: unknown, script: string | null = "echo hello\n") {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, "steps"));
  const text = typeof written === "string" ? written : JSON.stringify(written);
  await writeFile(join(folder.path, "recipe.json"), text);
  if (script !== null) await writeFile(join(folder.path, "steps/hello.sh"), script);
  return folder;
}

test("scripts are put in the place of their names", async () => {
  await using folder = await folderOf(good);
  expect(readRecipe(folder.path)).toEqual({ ...good, steps: [{ ...step, script: "echo hello\n" }] });
});

test.each([
  ["no JSON", "{", /recipe\.json is no JSON: /],
  ["no object", [], /recipe\.json: .*must be an object/],
  ["no name", { ...good, name: undefined }, /recipe\.json: name: /],
  ["no steps", { ...good, steps: [] }, /recipe\.json: steps: must have at least one step/],
  ["a step that is no object", { ...good, steps: ["hello.sh"] }, /recipe\.json: steps\[0\]: /],
  [
    "no time limit",
    { ...good, steps: [{ ...step, timeoutSeconds: 0 }] },
    /recipe\.json: steps\[0\]\.timeoutSeconds: /,
  ],
  [
    "a script of no name",
    { ...good, steps: [{ ...step, script: 1 }] },
    /steps\[0\]\.script must name a file in /,
  ],
  [
    "a script outside",
    { ...good, steps: [{ ...step, script: "../x.sh" }] },
    /steps\[0\]\.script must name a file in /,
  ],
  [
    "a script that is not there",
    { ...good, steps: [{ ...step, script: "no.sh" }] },
    /cannot read .*no\.sh: there is no such file\.$/,
  ],
  ["a wrong parameter", { ...good, params: { "A-B": {} } }, /recipe\.json: params\.A-B: /],
])("%s is said with file and field", async (_, written, message) => {
  await using folder = await folderOf(written);
  expect(() => readRecipe(folder.path)).toThrow(message);
});

test("what is wrong with a script is said of its own file", async () => {
  await using folder = await folderOf(good, "");
  expect(() => readRecipe(folder.path)).toThrow(`${join(folder.path, "steps/hello.sh")}: must not be empty`);
});

test("a script from Windows is refused with its file, the line and the reason", async () => {
  await using folder = await folderOf(good, "#!/bin/sh\necho hello\r\n");
  expect(() => readRecipe(folder.path)).toThrow(
    `${join(folder.path, "steps/hello.sh")}: line 2 ends with CR LF, as on Windows`,
  );
});

test("what cannot be read is named, with the reason in words", async () => {
  await using folder = await temporaryFolder();
  const at = (...names: string[]) => join(folder.path, ...names);
  const file = at("recipe.json");
  expect(() => readRecipe(folder.path)).toThrow(`cannot read ${file}: there is no such file.`);
  expect(() => readRecipe(at("nope"))).toThrow(
    `cannot read ${at("nope", "recipe.json")}: there is no folder ${at("nope")}.`,
  );
  await mkdir(file);
  expect(() => readRecipe(folder.path)).toThrow(`cannot read ${file}: it is a folder, not a file.`);
  await writeFile(at("file"), "");
  for (const names of [["file"], ["file", "deeper"]])
    expect(() => readRecipe(at(...names))).toThrow(`: ${at("file")} is a file, not a folder.`);
});
