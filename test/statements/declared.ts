import {
  type Checker,
  type Symbol as Member,
  SymbolFlags,
  type Type,
  TypeFlags,
} from "typescript/unstable/sync";
import type { CallExpression, SourceFile } from "typescript/unstable/ast";
import { isCallExpression, isIdentifier, isPropertyAccessExpression } from "typescript/unstable/ast/is";
import { openSources, visit } from "../lint/sources.ts";

/** As much of JSON Schema as a type without functions needs. `{}` is anything. */
export type Schema = {
  type?: "string" | "number" | "boolean" | "null" | "array" | "object";
  const?: string | number | boolean;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | false;
};

/** What each raw statement's rows are declared to be, by the place of its call: `src/domain/core/moves.ts:63`. */
export type DeclaredRows = Record<string, Schema>;

/** The server's statements alone, without the types of Node and browsers, on which no row depends: a quarter of the time. */
const CONFIG = "test/statements/tsconfig.json";

/** How deep the values of jsonb columns are described. Below it, anything goes. */
const DEPTH = 5;

/**
 * Reads the row types out of the sources, as the compiler understands them: of `rows<Row>(…)` and `prepared<Row>(…)`. So a
 * type that stands beside its SQL is enough of a declaration, and the running system carries nothing for it.
 */
export function declaredRows(): DeclaredRows {
  using program = openSources({ config: CONFIG, having: /\b(?:rows|prepared)</ });
  const calls = program.files.flatMap(({ name, file }) =>
    callsIn(file).map((call) => ({ name, file, call })),
  );
  const types = program.checker.getTypeAtLocation(calls.flatMap(({ call }) => call.typeArguments ?? []));
  const reader = new TypeReader(program.checker);
  const places = calls.map(({ name, file, call }, at) => {
    const { line } = file.getLineAndCharacterOfPosition(call.expression.getStart(file));
    const type = types[at];
    if (type === undefined) throw new Error(`${name}:${line + 1}: the row type cannot be read`);
    return [`${name}:${line + 1}`, { ...reader.read(type, DEPTH), additionalProperties: false }] as const;
  });
  return Object.fromEntries(places);
}

function callsIn(file: SourceFile): CallExpression[] {
  const found: CallExpression[] = [];
  visit(file, (node) => {
    if (!isCallExpression(node) || node.typeArguments?.length !== 1) return;
    const called = isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    if (isIdentifier(called) && (called.text === "rows" || called.text === "prepared")) found.push(node);
  });
  return found;
}

class TypeReader {
  readonly #checker: Checker;
  /** By the type's id and the depth that is left. */
  readonly #read = new Map<string, Schema>();

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  read(type: Type, depth: number): Schema {
    const key = `${type.id} ${depth}`;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const schema = this.#schemaOf(type, depth);
    this.#read.set(key, schema);
    return schema;
  }

  #schemaOf(type: Type, depth: number): Schema {
    const { flags } = type;
    if (flags & TypeFlags.AnyOrUnknown) return {};
    if (type.isLiteralType() && typeof type.value !== "bigint") return { const: type.value };
    if (flags & TypeFlags.StringLike) return { type: "string" };
    if (flags & TypeFlags.NumberLike) return { type: "number" };
    if (flags & TypeFlags.BooleanLike) return { type: "boolean" };
    if (flags & TypeFlags.Null) return { type: "null" };
    if (type.isUnionType()) {
      const parts = type.getTypes().filter((part) => !(part.flags & TypeFlags.Undefined));
      return { anyOf: parts.map((part) => this.read(part, depth)) };
    }
    if (depth === 0) return {};
    if (this.#checker.isArrayType(type) && type.isTypeReference()) {
      const [of] = this.#checker.getTypeArguments(type);
      return { type: "array", items: of === undefined ? {} : this.read(of, depth - 1) };
    }
    return this.#checker.isArrayLikeType(type) ? { type: "array" } : this.#objectSchema(type, depth - 1);
  }

  #objectSchema(type: Type, depth: number): Schema {
    const members = this.#checker.getPropertiesOfType(type);
    const types = this.#checker.getTypeOfSymbol(members);
    const [index] = members.length === 0 ? this.#checker.getIndexInfosOfType(type) : [];
    return {
      type: "object",
      properties: Object.fromEntries(
        members.map(({ name }, at) => {
          const of = types[at];
          return [name, of === undefined ? {} : this.read(of, depth)];
        }),
      ),
      required: members.filter((member) => !isOptional(member)).map(({ name }) => name),
      ...(index === undefined ? {} : { additionalProperties: this.read(index.valueType, depth) }),
    };
  }
}

function isOptional({ flags }: Member): boolean {
  return (flags & SymbolFlags.Optional) !== 0;
}
