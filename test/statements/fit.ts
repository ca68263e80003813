import * as z from "zod";
import type { Schema } from "./declared.ts";

/** A column of a result, as Postgres describes it: its name, and the number of its type. */
export type ResultColumn = { name: string; type: number };

type Kind = "string" | "number" | "boolean" | "json";

/** What the driver makes of a type, by its number in pg_type; of all others it makes a string. */
const KINDS = new Map<number, Kind>([
  [16, "boolean"],
  [114, "json"],
  [3802, "json"],
  ...[20, 21, 23, 26, 700, 701].map((type) => [type, "number"] as const),
]);

/** Compares results of a statement with what the code declares them to be. */
export class RowShape {
  readonly #columns: Record<string, Schema>;
  readonly #required: readonly string[];
  readonly #row: z.ZodType;

  constructor(declared: Schema) {
    this.#columns = declared.properties ?? {};
    this.#required = declared.required ?? [];
    this.#row = z.fromJSONSchema(declared);
  }

  /** @returns what does not fit, a sentence each; without rows it compares the names and types of the columns alone */
  misfits(columns: readonly ResultColumn[], rows: readonly unknown[]): string[] {
    const names = new Set(columns.map(({ name }) => name));
    return [
      ...this.#required
        .filter((name) => !names.has(name))
        .map((name) => `${name} is declared and not selected`),
      ...columns.flatMap((column) => this.#misfit(column)),
      ...rows.flatMap((row) =>
        (this.#row.safeParse(row).error?.issues ?? []).map(
          ({ path, message }) => `${path.join(".")} is ${shown(valueAt(row, path))}: ${message}`,
        ),
      ),
    ];
  }

  #misfit({ name, type }: ResultColumn): string[] {
    const declared = Object.hasOwn(this.#columns, name) ? this.#columns[name] : undefined;
    if (declared === undefined) return [`${name} is selected and not declared`];
    const kind = KINDS.get(type) ?? "string";
    return accepts(declared, kind)
      ? []
      : [`${name} is a ${kind} and declared as ${JSON.stringify(declared)}`];
  }
}

/** Of a json value only the rows tell what it is. */
function accepts(declared: Schema, kind: Kind): boolean {
  if (kind === "json" || Object.keys(declared).length === 0) return true;
  if (declared.anyOf !== undefined) return declared.anyOf.some((one) => accepts(one, kind));
  if (declared.const !== undefined) return typeof declared.const === kind;
  return declared.type === kind;
}

function valueAt(row: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    row,
  );
}

function shown(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
