import { parseSync } from "oxc-parser";
import { z } from "zod";
import type { Tree } from "./tree.ts";

/** Where the sources tell a person what to do: by these properties, or as the third argument of these calls. */
const PROPERTIES = new Set(["action", "advice", "fix", "hint"]);
const CALLS = new Set(["wrong", "CliError"]);
/** Constants that hold it. */
const CONSTANTS = new Set(["HINTS", "INSTALL", "BUILD", "LOOK"]);

const anyNode = z.looseObject({ type: z.string() });
type AnyNode = z.infer<typeof anyNode>;

/** Each piece of advice in src, with `…` in place of what a template puts in. */
export function adviceIn(tree: Tree): string[] {
  const found = new Set<string>();
  for (const [file, text] of tree) {
    if (!/^src\/.*\.ts$/.test(file)) continue;
    for (const node of everyNode(parseSync(file, text).program)) {
      for (const given of advising(node)) for (const words of texts(given)) found.add(words);
    }
  }
  return [...found].filter((words) => words !== "Nothing." && words.includes(" "));
}

function advising(node: AnyNode): unknown[] {
  if (node.type === "Property") {
    const { key, value } = z.looseObject({ key: anyNode, value: z.unknown() }).parse(node);
    return PROPERTIES.has(String(key["name"])) ? [value] : [];
  }
  if (node.type === "VariableDeclarator") {
    const { id, init } = z.looseObject({ id: anyNode, init: z.unknown() }).parse(node);
    return CONSTANTS.has(String(id["name"])) ? [init] : [];
  }
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return [];
  const { callee, arguments: given } = z
    .looseObject({ callee: anyNode, arguments: z.array(z.unknown()) })
    .parse(node);
  return CALLS.has(String(callee["name"])) ? given.slice(2, 3) : [];
}

/** The strings in an expression: both of a choice, and a sum as one. */
function texts(value: unknown): string[] {
  const parsed = anyNode.safeParse(value);
  if (!parsed.success) return [];
  const node = parsed.data;
  if (node.type === "Literal") return typeof node["value"] === "string" ? [node["value"]] : [];
  if (node.type === "TemplateLiteral") {
    const quasis = z.array(z.looseObject({ value: z.object({ cooked: z.string() }) })).parse(node["quasis"]);
    return [quasis.map((one) => one.value.cooked).join("…")];
  }
  if (node.type === "ObjectExpression") {
    const properties = z.array(z.looseObject({ value: z.unknown() })).parse(node["properties"]);
    return properties.flatMap((one) => texts(one.value));
  }
  if (node.type === "ConditionalExpression")
    return [...texts(node["consequent"]), ...texts(node["alternate"])];
  if (node.type === "LogicalExpression") return [...texts(node["left"]), ...texts(node["right"])];
  if (node.type === "BinaryExpression") {
    return texts(node["left"]).flatMap((left) => texts(node["right"]).map((right) => left + right));
  }
  return [];
}

function* everyNode(value: unknown): Generator<AnyNode> {
  if (Array.isArray(value)) {
    for (const one of value) yield* everyNode(one);
    return;
  }
  const parsed = anyNode.safeParse(value);
  if (!parsed.success) return;
  yield parsed.data;
  for (const part of Object.values(parsed.data)) {
    if (typeof part === "object" && part !== null) yield* everyNode(part);
  }
}
