import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readDeclarations } from "../../../src/cli/inputs/declarations.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { RECIPE, specOf } from "../../helpers/world.ts";

async function folderOf(files: Record<string, unknown>) {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

const pool = specOf({ name: "demo" });
const step = { id: "hello", title: "Say hello", script: "hello.sh", timeoutSeconds: 9 };
const names = async (path: string) => {
  const { pools, recipes, nodes, tokens } = await readDeclarations(path);
  return Object.values({ pools, recipes, nodes, tokens }).map((all) => all.map(({ name }) => name));
};

test("a folder: JSON, YAML of several documents, folders of recipes and folders in it; other files are passed over", async () => {
  await using folder = await folderOf({
    "a.json": pool,
    "b.yaml": `# two\n---\n${JSON.stringify({ pools: [specOf({ name: "second" })], nodes: [{ name: "n1", labels: ["ssd"] }] })}\n---\ntokens:\n  - name: ci\n    role: app\n`,
    "c/recipe.json": { name: "folded", steps: [step] },
    "c/hello.sh": "echo hello\n",
    "d/e.yml": JSON.stringify([specOf({ name: "third" }), RECIPE]),
    ".hidden.json": "{",
    "README.md": "{",
  });
  expect(await names(folder.path)).toEqual([
    ["demo", "second", "third"],
    ["folded", RECIPE.name],
    ["n1"],
    ["ci"],
  ]);
});

test("a file: recipes by their folder, and what get --json prints", async () => {
  await using folder = await folderOf({
    "all.yaml": "recipes:\n  - ./greeter\n",
    "stored.json": {
      pools: [{ name: "demo", spec: pool, counts: {} }],
      recipes: [{ ...RECIPE, version: "1", createdAt: "now" }],
    },
    "greeter/recipe.json": { name: "greeter", steps: [step] },
    "greeter/hello.sh": "echo hello\n",
  });
  const { recipes } = await readDeclarations(join(folder.path, "all.yaml"));
  expect(recipes).toMatchObject([{ name: "greeter", steps: [{ script: "echo hello\n" }] }]);
  expect(await names(join(folder.path, "stored.json"))).toEqual([["demo"], [RECIPE.name], [], []]);
});

test.each([
  [{ "a.json": "{" }, /a\.json is no JSON/],
  [{ "a.yaml": "a: [" }, /a\.yaml is no YAML: .* at line 1, column/],
  [{ "a.yaml": "a: 1\na: 2" }, /a\.yaml is no YAML: Map keys must be unique/],
  [
    {
      "a.yaml":
        "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\npools: [*c,*c,*c,*c,*c,*c,*c]",
    },
    /a\.yaml is no YAML: Excessive alias count/,
  ],
  [{ "a.json": { targetSize: -1 } }, /a\.json: /],
  [{ "a.json": { pools: [{ ...pool, maxSize: -1 }] } }, /a\.json: pools\[0\]\.maxSize/],
  [{ "a.json": { pool: [] } }, /a\.json holds something that is neither a pool nor a recipe/],
  [{ "a.json": { pools: [], pool: [] } }, /a\.json: pool: unknown field/],
  [{ "a.json": "[1]" }, /neither a pool nor a recipe/],
  [{ "a.json": pool, "b.json": pool }, /the pool demo is declared twice, in .*a\.json and in .*b\.json/],
  [{ "a.json": [pool, pool] }, /the pool demo is declared twice, in .*a\.json\./],
  [{ "a.json": { nodes: [] } }, /declares nothing/],
  [{ "a.txt": "" }, /declares nothing/],
])("%j → refused by name", async (files, words) => {
  await using folder = await folderOf(files);
  await expect(readDeclarations(folder.path)).rejects.toThrow(words);
  await expect(readDeclarations(folder.path)).rejects.toThrow(expect.objectContaining({ exit: 2 }));
});

test("a path that there is not → wrong use", async () => {
  await expect(readDeclarations("/nowhere.yaml")).rejects.toThrow(
    "cannot read /nowhere.yaml: there is no such file.",
  );
});
