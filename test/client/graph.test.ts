import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { CLIENT_PACKAGES, graphOf } from "./graph.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("client: everything that it loads → its own files and four packages, and no module of Node", async () => {
  const { own, packages, missing } = await graphOf(join(ROOT, "src/client/index.ts"), ROOT);
  expect(own).toEqual(["src/client/index.ts", "src/client/transport.ts"]);
  expect(packages).toEqual(CLIENT_PACKAGES);
  expect(missing).toEqual([]);
});

test("graph: a program that reaches another file, a package and Node → all three are found", async () => {
  await using folder = await temporaryFolder();
  const entry = join(folder.path, "src/entry.ts");
  await mkdir(join(folder.path, "src"));
  await writeFile(entry, `export * from "./other.ts"; export * from "${ROOT}node_modules/zod";`);
  await writeFile(join(folder.path, "src/other.ts"), `export { readFile } from "node:fs";`);
  expect(await graphOf(entry, folder.path)).toEqual({
    own: ["src/entry.ts", "src/other.ts"],
    packages: ["zod"],
    missing: ["node:fs"],
  });
});
