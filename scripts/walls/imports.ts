import { parseSync, Visitor } from "oxc-parser";
import type { CallExpression, Expression } from "oxc-parser";

/** One import of a file, in whatever form it is written. */
export type Import = {
  /** What it names, such as `./pick.ts`, `zod` or `node:net`; null if that is only known when it runs. */
  specifier: string | null;
  /** Counted from 1. */
  line: number;
  /** Nothing of it is left when the file runs. */
  typesOnly: boolean;
};

export type FileImports = { file: string; imports: readonly Import[] };

/**
 * Every import of a file: `import` and `export … from`, `import()`, `import x = require()`, `import("…").Type`,
 * `declare module "…"`, `require()`, `require.resolve()`, `createRequire(…)()`, `import.meta.resolve()`,
 * `process.getBuiltinModule()` and `/// <reference … />`. A path that is only handed to another process
 * (`new URL("./x.ts", import.meta.url)`) is no import.
 * @throws Error if the source does not parse
 */
export function importsOf(file: string, source: string): Import[] {
  const { program, comments, errors } = parseSync(file, source, {
    sourceType: "module",
    preserveParens: false,
  });
  const [error] = errors;
  if (error !== undefined) throw new Error(error.message);
  const found: (Omit<Import, "line"> & { start: number })[] = [];
  const calls: CallExpression[] = [];
  const loaders: Loaders = { names: new Set(["require"]), makers: new Set(["createRequire"]) };
  const add = (start: number, specifier: string | null, typesOnly: boolean) =>
    found.push({ start, specifier, typesOnly });
  new Visitor({
    // `import { type T }` keeps its module when it runs: with verbatimModuleSyntax it becomes `import {}`.
    ImportDeclaration: (node) => add(node.start, node.source.value, node.importKind === "type"),
    ExportAllDeclaration: (node) => add(node.start, node.source.value, node.exportKind === "type"),
    ExportNamedDeclaration(node) {
      if (node.source !== null) add(node.start, node.source.value, node.exportKind === "type");
    },
    ImportExpression: (node) => add(node.start, textOf(node.source), false),
    TSImportEqualsDeclaration(node) {
      const from = node.moduleReference;
      if (from.type !== "TSExternalModuleReference") return;
      add(node.start, from.expression.value, node.importKind === "type");
    },
    TSImportType: (node) => add(node.start, node.source.value, true),
    TSModuleDeclaration(node) {
      if (node.id.type === "Literal") add(node.start, node.id.value, true);
    },
    ImportSpecifier(node) {
      if (node.imported.type === "Identifier" && node.imported.name === "createRequire") {
        loaders.makers.add(node.local.name);
      }
    },
    VariableDeclarator(node) {
      if (node.id.type === "Identifier" && node.init !== null && makesLoader(node.init, loaders)) {
        loaders.names.add(node.id.name);
      }
    },
    CallExpression: (node) => calls.push(node),
  }).visit(program);
  for (const {
    start,
    callee,
    arguments: [argument],
  } of calls) {
    if (argument === undefined || !isLoader(callee, loaders)) continue;
    add(start, argument.type === "SpreadElement" ? null : textOf(argument), false);
  }
  for (const comment of comments) {
    const named = /^\/\s*<reference\s[^>]*\b(?:path|types)\s*=\s*["']([^"']+)["']/.exec(comment.value)?.[1];
    if (named !== undefined) add(comment.start, named, true);
  }
  return found
    .toSorted((one, other) => one.start - other.start)
    .map(({ start, specifier, typesOnly }) => ({ specifier, line: lineAt(source, start), typesOnly }));
}

/** What this file calls `require`, and what makes another one of it. */
type Loaders = { names: Set<string>; makers: Set<string> };

/** Whether calling it loads or finds a module. */
function isLoader(callee: Expression, loaders: Loaders): boolean {
  if (callee.type === "Identifier") return loaders.names.has(callee.name);
  if (callee.type !== "MemberExpression") return makesLoader(callee, loaders);
  const name = nameOf(callee);
  if (name === "getBuiltinModule") return true;
  return name === "resolve" && (callee.object.type === "MetaProperty" || isLoader(callee.object, loaders));
}

/** Whether it is `createRequire(…)`, by whatever name this file has imported it. */
function makesLoader(expression: Expression, { makers }: Loaders): boolean {
  return expression.type === "CallExpression" && makers.has(nameOf(expression.callee) ?? "");
}

/** `f` of `f`, `x.f` and `x["f"]`. */
function nameOf(expression: Expression): string | null {
  if (expression.type === "Identifier") return expression.name;
  if (expression.type !== "MemberExpression") return null;
  const { property } = expression;
  if (property.type === "PrivateIdentifier") return null;
  return property.type === "Identifier" ? property.name : textOf(property);
}

/** The text that an expression is without being run, or null. */
function textOf(expression: Expression): string | null {
  if (expression.type === "Literal" && typeof expression.value === "string") return expression.value;
  if (expression.type !== "TemplateLiteral" || expression.expressions.length > 0) return null;
  return expression.quasis[0]?.value.cooked ?? null;
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}
