import { expect, test } from "vitest";
import { readTree } from "../../../scripts/change/git.ts";
import { fileURLToPath } from "node:url";
import { drawn, isConcerned, readPatch, readPatches } from "../../../verify/mutate/patches.ts";

const PATCH = readPatch(
  "01-x.patch",
  `Breaks: results of a lost lease are taken
Test: test/pool/lease.db.test.ts > a stale token: changes nothing

--- a/src/pool/lease.ts
+++ b/src/pool/lease.ts
@@ -1 +1 @@
-a
+b
--- a/drizzle/0000_first.sql
+++ b/drizzle/0000_first.sql
`,
);
const FILES: Record<string, string> = {
  "test/pool/lease.db.test.ts": `import "../helpers/db.ts"; import "../../src/pool/far.ts";`,
  "test/helpers/db.ts": `import "./name.ts"; import "../../src/db/client.ts";`,
};

test("a patch's head: says what it breaks, the test with its name, and the files that it changes", () => {
  expect(PATCH).toEqual({
    file: "01-x.patch",
    breaks: "results of a lost lease are taken",
    test: "test/pool/lease.db.test.ts",
    name: "a stale token: changes nothing",
    touches: ["src/pool/lease.ts", "drizzle/0000_first.sql"],
  });
});

test("a patch without a head is refused", () => {
  expect(() => readPatch("02-y.patch", "--- a/x\n+++ b/x\n")).toThrow(/02-y\.patch: its head must have/);
});

test.each([
  ["verify/mutate/01-x.patch", true],
  ["src/pool/lease.ts", true],
  ["drizzle/0000_first.sql", true],
  ["test/pool/lease.db.test.ts", true],
  ["test/helpers/name.ts", true],
  ["src/pool/far.ts", false],
  ["src/db/client.ts", false],
  ["README.md", false],
])("a change of %s concerns the patch: %s", (path, concerned) => {
  expect(isConcerned(PATCH, new Set([path]), (file) => FILES[file] ?? null)).toBe(concerned);
});

test("every patch names a file of tests that there is, and changes files that there are", async () => {
  const folder = fileURLToPath(new URL("../../../verify/mutate", import.meta.url));
  const named = (await readPatches(folder)).flatMap(({ test: file, touches }) => [file, ...touches]);
  expect(named.filter((path) => readTree(path) === null)).toEqual([]);
});

test("more patches than there is time for → so many, in their order, by the salt; some always", () => {
  const all = ["a", "b", "c", "d", "e", "f"].map((file) => ({ ...PATCH, file }));
  const some = (salt: string) => drawn(all, 3, new Set(["e"]), salt).map(({ file }) => file);
  const draws = ["1", "2", "3", "4", "5", "6", "7", "8"].map(some);
  expect(some("1")).toEqual(draws[0]);
  for (const draw of draws) {
    expect(draw).toHaveLength(3);
    expect(draw).toContain("e");
    expect(draw).toEqual(draw.toSorted());
  }
  expect([...new Set(draws.flat())].toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(drawn(all, 6, new Set(), "1")).toEqual(all);
});
