/** Every form in which a file can import `path`, and whether it needs only types of it. */
export const FORMS: readonly { form: string; typesOnly: boolean; write: (path: string) => string }[] = [
  { form: "static", typesOnly: false, write: (path) => `import { a } from "${path}";` },
  { form: "namespace", typesOnly: false, write: (path) => `import * as a from "${path}";` },
  { form: "side effect", typesOnly: false, write: (path) => `import "${path}";` },
  { form: "inline type", typesOnly: false, write: (path) => `import { type A } from "${path}";` },
  { form: "type", typesOnly: true, write: (path) => `import type { A } from "${path}";` },
  { form: "deferred", typesOnly: false, write: (path) => `import defer * as a from "${path}";` },
  { form: "JSON", typesOnly: false, write: (path) => `import a from "${path}" with { type: "json" };` },
  { form: "export", typesOnly: false, write: (path) => `export { a } from "${path}";` },
  { form: "export all", typesOnly: false, write: (path) => `export * from "${path}";` },
  { form: "export namespace", typesOnly: false, write: (path) => `export * as a from "${path}";` },
  { form: "export type", typesOnly: true, write: (path) => `export type { A } from "${path}";` },
  { form: "export all types", typesOnly: true, write: (path) => `export type * from "${path}";` },
  { form: "dynamic", typesOnly: false, write: (path) => `await import("${path}");` },
  { form: "dynamic, template", typesOnly: false, write: (path) => `await import(\`${path}\`);` },
  { form: "dynamic, in parentheses", typesOnly: false, write: (path) => `await import(("${path}"));` },
  { form: "import equals", typesOnly: false, write: (path) => `import a = require("${path}");` },
  { form: "import type equals", typesOnly: true, write: (path) => `import type a = require("${path}");` },
  { form: "type query", typesOnly: true, write: (path) => `let a: import("${path}").A;` },
  { form: "typeof query", typesOnly: true, write: (path) => `type A = typeof import("${path}");` },
  { form: "augmentation", typesOnly: true, write: (path) => `declare module "${path}" { interface A {} }` },
  { form: "reference", typesOnly: true, write: (path) => `/// <reference path="${path}" />` },
  { form: "require", typesOnly: false, write: (path) => `const { a } = require("${path}");` },
  { form: "require.resolve", typesOnly: false, write: (path) => `require.resolve("${path}");` },
  { form: "import.meta.resolve", typesOnly: false, write: (path) => `import.meta.resolve("${path}");` },
  { form: "getBuiltinModule", typesOnly: false, write: (path) => `process.getBuiltinModule("${path}");` },
  { form: "createRequire", typesOnly: false, write: (path) => `createRequire(import.meta.url)("${path}");` },
  {
    form: "createRequire, kept",
    typesOnly: false,
    write: (path) => `const load = module.createRequire(import.meta.url); load.resolve("${path}");`,
  },
];

/** A file that imports `path` on its third line. */
export function fileWith(line: string): string {
  return `// A comment, and text that is no import: import("./elsewhere.ts")\nconst text = 'import "./x.ts"';\n${line}\n`;
}
