import { expect, test } from "vitest";
import { complaintsAbout } from "./references.ts";
import { readTree } from "./tree.ts";

/** A command that is not there. The rule for commands reads this file as well, so its name is put in. */
const GONE = "sweep";

/** A small tree in which everything named is there. */
const CLEAN: Readonly<Record<string, string>> = {
  "package.json": `{ "scripts": { "start": "node src/main.ts", "check": "npm run lint", "lint": "oxlint" } }`,
  "README.md":
    "# A page\n\n`npm start`, `npm run check`. [What holds](docs/requirements.md#what-holds-and-why)\n",
  "CHANGELOG.md": `- npm run ${GONE} is gone, and src/sweep.ts with it.\n`,
  "docs/requirements.md":
    "# Rules\n\n## What holds, and why?\n\n| id | rule |\n|---|---|\n| R1 | a |\n| I1 | b |\n",
  "docs/decisions/0001-first.md": "# 1. First\n",
  "drizzle/0000_first.sql": "-- R77\n",
  "src/main.ts": `// See src/pool/pick.ts, pick.ts, src/pool, src/**/*.ts, X.test.ts and decision 1; keeps R1.`,
  "src/pool/pick.ts": `export const say = "/bin/sh, src/gone.ts and R78 in a string are no words for readers";`,
  "test/pick.test.ts": `test("R1 and I1 hold: see src/pool/pick.ts", () => {});`,
  "test/mutate/01-a.patch": "Breaks: a\nTest: test/pick.test.ts > R1\n\n--- a/src/pool/gone.ts\n+// R79\n",
};

const complaintsWith = (planted: Readonly<Record<string, string>>) =>
  complaintsAbout(new Map(Object.entries({ ...CLEAN, ...planted })));

test("the small tree: everything that is named is there → no complaint", () => {
  expect(complaintsWith({})).toEqual([]);
});

test.each([
  ["an unknown rule in a comment", "src/a.ts", "// keeps R99", "docs/requirements.md has no rule R99"],
  ["an unknown rule in a test's name", "test/a.test.ts", `test("I9 x", () => {});`, "no rule I9"],
  ["an unknown rule in a table of tests", "test/a.test.ts", `test.each([["R98 x", 1]])`, "no rule R98"],
  [
    "an unknown rule in the name of a test with options",
    "test/a.test.ts",
    `test("x, R97", { a: 1 }, async () => {});`,
    "no rule R97",
  ],
  ["an unknown rule on a page", "docs/a.md", "It follows from R96.", "no rule R96"],
  ["an unknown rule in a patch's head", "test/mutate/02-b.patch", "Breaks: R95\n--- a\n", "no rule R95"],
  ["a section of another document", "src/a.ts", "/** Section 4 (§4) */", `"§" is not in the repository`],
  ["an issue by its number", "scripts/a.sh", "# as issue #7 asks", `"issue #7" is not in the repository`],
  [
    "an issue by its number over two lines",
    "src/a.ts",
    "/**\n * points of issue\n * 12\n */",
    "is not in the repository",
  ],
  ["a document by its name", "src/a.ts", "// See DESIGN for why", `"DESIGN" is not in the repository`],
  ["a document by its file", "docs/a.md", "as INTERFACE.md fixes it", `"INTERFACE" is not in the repository`],
  ["a document in a message", "src/a.ts", `throw new Error("see REQUIREMENTS.md");`, `"REQUIREMENTS" is not`],
  ["a path in a comment", "src/a.ts", "/* applied in src/pool/gone.ts. */", "there is no src/pool/gone.ts"],
  [
    "a path in a test's name",
    "test/a.test.ts",
    `test("as src/pool/gone.ts does", () => {});`,
    "there is no src/pool/gone.ts",
  ],
  ["a path on a page", "docs/a.md", "`src/pool/gone.ts`", "there is no src/pool/gone.ts"],
  [
    "a path in a script",
    "package.json",
    `{ "scripts": { "check": "node scripts/gone.ts", "start": "", "lint": "" } }`,
    "there is no scripts/gone.ts",
  ],
  [
    "the test of a patch",
    "test/mutate/02-b.patch",
    "Test: test/gone.test.ts > x\n--- a\n",
    "there is no test/gone.test.ts",
  ],
  ["a folder", "README.md", "[x](#a-page)\n# A page\nsee docs/gone/.", "there is no docs/gone"],
  ["a pattern of paths", "src/a.ts", "// all of src/*/gone*.ts", "there is no src/*/gone*.ts"],
  ["a file by its name alone", "src/a.ts", "// gone.ts decides, pick.ts applies", "no file is named gone.ts"],
  ["a file by the end of its path", "src/a.ts", "// relay/pick.ts", "no file is named relay/pick.ts"],
  ["a page at the root", "docs/a.md", "see GONE.md", "no file is named GONE.md"],
  ["a decision", "src/a.ts", "// why: decision 2", "there is no decision 2"],
  ["a command on a page", "docs/a.md", `\`npm run --silent ${GONE}\``, "there is no script sweep"],
  ["a command in a message", "src/a.ts", `console.error("run npm run ${GONE}");`, "there is no script sweep"],
  [
    "a command in a script",
    "package.json",
    `{ "scripts": { "start": "npm run ${GONE}", "check": "", "lint": "" } }`,
    "there is no script sweep",
  ],
  [
    "a command of npm itself",
    "package.json",
    `{ "scripts": { "check": "", "lint": "" } }`,
    "there is no script start",
  ],
  ["a link to no file", "docs/a.md", "[x](gone.md)", "the link to gone.md leads to no file"],
  [
    "a link from the wrong folder",
    "docs/a.md",
    "[x](docs/requirements.md)",
    "the link to docs/requirements.md leads to no file",
  ],
  ["a link to no heading", "docs/a.md", "[x](requirements.md#what-holds)", "leads to no heading"],
  [
    "a link to no heading of its page",
    "docs/a.md",
    "# X\n```sh\n# only an example\n```\n[x](#only-an-example)",
    "leads to no heading",
  ],
  [
    "a link to another decision",
    "docs/a.md",
    "[decision 2](decisions/0001-first.md)",
    "the link to decision 2 leads to decision 1",
  ],
  ["a rule without a test", "test/pick.test.ts", `test("R1 x", () => {}); // I1`, "no test is named by I1"],
  [
    "a rule that is there twice",
    "docs/requirements.md",
    "## What holds, and why?\n| R1 | a |\n| R1 | b |\n| I1 | c |",
    "R1 is there twice",
  ],
])("planted: %s → a complaint", (_, file, text, complaint) => {
  expect(complaintsWith({ [file]: text }).join("\n")).toContain(complaint);
});

test("a complaint names file and line, also within a comment", () => {
  expect(complaintsWith({ "src/a.ts": "\n/**\n * All is well.\n * See src/gone.ts.\n */\n" })).toEqual([
    "src/a.ts:4: there is no src/gone.ts",
  ]);
});

test("this repository names nothing that it does not have", () => {
  expect(complaintsAbout(readTree())).toEqual([]);
});
