import * as fc from "fast-check";

/** A JSON Schema as far as our documents use it. */
export type JsonSchema = {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  propertyNames?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
};

/** Values that mean something in the world that is asked, by the name of the field: tried more often than not. */
export type Hints = Record<string, readonly unknown[]>;

/** Values that the schema takes. Small ones: what is about size has tests of its own. */
export function arbitraryOf(schema: JsonSchema, hints: Hints = {}): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.oneof(...either.map((part) => arbitraryOf(part, hints)));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return objectOf(schema, hints);
    case "array":
      return fc.array(arbitraryOf(schema.items ?? {}, hints), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(3, schema.maxItems ?? 3),
      });
    case "string":
      return textOf(schema);
    case "integer":
    case "number":
      return numberOf(schema);
    case "boolean":
      return fc.boolean();
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: JsonSchema, hints: Hints): fc.Arbitrary<unknown> {
  const { properties, additionalProperties, required = [] } = schema;
  if (properties === undefined && typeof additionalProperties === "object") {
    const name = textOf(schema.propertyNames ?? {});
    return fc.dictionary(name, arbitraryOf(additionalProperties, hints), { maxKeys: 2 });
  }
  const fields = Object.entries(properties ?? {}).map(([name, part]) => {
    const known = hints[name];
    const any = arbitraryOf(part, hints);
    const value =
      known === undefined
        ? any
        : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: any });
    return [name, value] as const;
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: required });
}

function numberOf({ minimum = 0, maximum = Infinity }: JsonSchema): fc.Arbitrary<number> {
  const least = Math.max(Math.ceil(minimum), -1000);
  return fc.integer({ min: least, max: Math.max(least, Math.min(Math.floor(maximum), 1000)) });
}

function textOf({ pattern, minLength = 0, maxLength = Infinity }: JsonSchema): fc.Arbitrary<string> {
  return pattern === undefined
    ? fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, 40) })
    : fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength);
}

/** What nobody should send, and somebody does. */
const WRONG: readonly unknown[] = [
  null,
  {},
  [],
  "",
  " ",
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  true,
  "a\0b",
  "\ud800",
  "a\nb",
  "../../etc/passwd",
  "'; drop table pools; --",
  "${7*7}",
  "<script>",
  "ａ\u202e\u0301😀",
  "x".repeat(10_000),
  "__proto__",
  { __proto__: { admin: true } },
  [[[[]]]],
];

/** The value with one place changed: replaced by something wrong, left out, or something added. */
export function mutated(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, fc.nat(), fc.nat(), fc.constantFrom(...WRONG)).map(([whole, at, how, wrong]) => {
    const places = placesOf(whole);
    const place = places[at % Math.max(1, places.length)] ?? [];
    if (how % 4 === 0) return changed(whole, place.slice(0, -1), (part) => withSurplus(part, wrong));
    if (how % 4 === 1) return changed(whole, place, () => undefined);
    return changed(whole, place, () => wrong);
  });
}

function withSurplus(part: unknown, wrong: unknown): unknown {
  return typeof part === "object" && part !== null && !Array.isArray(part)
    ? { ...part, surplus: wrong }
    : wrong;
}

/** The path of every member, at any depth. */
function placesOf(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [[...at, name], ...placesOf(part, [...at, name])]);
}

function changed(
  value: unknown,
  [name, ...rest]: readonly string[],
  by: (part: unknown) => unknown,
): unknown {
  if (name === undefined) return by(value);
  if (Array.isArray(value))
    return value.map((part, at) => (String(at) === name ? changed(part, rest, by) : (part as unknown)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, key === name ? changed(part, rest, by) : part]),
  );
}
