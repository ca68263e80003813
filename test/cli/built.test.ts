import { execFile } from "node:child_process";
import { mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { built } from "../../bin/built.js";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

const BUILT = new URL("../../bin/built.js", import.meta.url).href;
const run = promisify(execFile);

/** A checkout of two sources; `said` is what its program exports now. */
async function checkout() {
  const folder = await temporaryFolder();
  const root = folder.path;
  await mkdir(join(root, "src"));
  await mkdir(join(root, "node_modules"));
  await writeFile(join(root, "node_modules/.package-lock.json"), "{}");
  const source = pathToFileURL(join(root, "src/main.ts"));
  await writeFile(
    source,
    `import { word } from "./word.ts";\nexport const said: string[] = [word, import.meta.url];\n`,
  );
  const write = (word: string) =>
    writeFile(join(root, "src/word.ts"), `export const word: string = "${word}";\n`);
  await write("one");
  return {
    ...{ root, source, write },
    built: () => built(source, root),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Loads it in a process of its own, as the launcher does. */
async function saidBy(href: string): Promise<unknown> {
  const script = `console.log(JSON.stringify((await import(${JSON.stringify(href)})).said));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
  return JSON.parse(stdout);
}

test("built program: nothing changed → the same program, which finds files where its source is", async () => {
  await using at = await checkout();
  const first = await at.built();
  expect(first).not.toBe(at.source.href);
  expect(await saidBy(first)).toEqual(["one", at.source.href]);
  const { mtimeMs } = await stat(fileURLToPath(first));
  expect(await at.built()).toBe(first);
  expect((await stat(fileURLToPath(first))).mtimeMs).toBe(mtimeMs);
});

test("built program: a source that is imported, or the packages, changed → a new program", async () => {
  await using at = await checkout();
  const first = await at.built();
  await at.write("another");
  const second = await at.built();
  expect(second).not.toBe(first);
  expect(await saidBy(second)).toEqual(["another", at.source.href]);
  await writeFile(join(at.root, "node_modules/.package-lock.json"), "{ }");
  expect(await at.built()).not.toBe(second);
  // What a process loads late from the one that it was started from is still there.
  expect((await stat(fileURLToPath(first))).isFile()).toBe(true);
});

test("built program: many are started at once on a new checkout → one program", async () => {
  await using at = await checkout();
  const script = `import { built } from ${JSON.stringify(BUILT)};
    console.log(await built(new URL(${JSON.stringify(at.source.href)}), ${JSON.stringify(at.root)}));`;
  const start = () => run(process.execPath, ["--input-type=module", "-e", script]);
  const hrefs = (await Promise.all([start(), start(), start()])).map(({ stdout }) => stdout.trim());
  expect(new Set(hrefs).size).toBe(1);
  expect(hrefs[0]).toMatch(/\/main\/\w+\/main\.mjs$/);
});

test("built program: nothing can be built → the source itself", async () => {
  await using at = await checkout();
  await symlink("/dev/null", join(at.root, "node_modules/.cache"));
  expect(await at.built()).toBe(at.source.href);
  await using broken = await checkout();
  await writeFile(broken.source, "export const said = ;");
  expect(await broken.built()).toBe(broken.source.href);
});
