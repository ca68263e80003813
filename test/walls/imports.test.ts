import { expect, test } from "vitest";
import { importsOf } from "../../scripts/walls/imports.ts";
import { fileWith, FORMS } from "./forms.ts";

test.each(FORMS)("imports: $form → read, with its line", ({ write, typesOnly }) => {
  expect(importsOf("file.ts", fileWith(write("../pool/pick.ts")))).toEqual([
    { specifier: "../pool/pick.ts", line: 3, typesOnly },
  ]);
});

test.each([
  "await import(name);",
  "await import(`./${name}.ts`);",
  'await import(name ? "./a.ts" : "./b.ts");',
  'await import("./a.ts" as string);',
  "require(name);",
  "require(...names);",
])("imports: %s → a name that only its run knows", (line) => {
  expect(importsOf("file.ts", fileWith(line))).toEqual([{ specifier: null, line: 3, typesOnly: false }]);
});

test("imports: createRequire under another name → what it loads is read", () => {
  const source =
    'import { createRequire as make } from "node:module";\nconst load = make(here);\nload("./a.ts");';
  expect(importsOf("file.ts", source)).toContainEqual({ specifier: "./a.ts", line: 3, typesOnly: false });
});

test.each([
  'new URL("./main.ts", import.meta.url);',
  'promise.resolve("./a.ts");',
  "import a = b.c;",
  "export { a };",
  "declare module Name {}",
])("imports: %s → none", (line) => {
  expect(importsOf("file.ts", fileWith(line))).toEqual([]);
});

test("imports: a file that does not parse → an error", () => {
  expect(() => importsOf("file.ts", "import { from;")).toThrow();
});
