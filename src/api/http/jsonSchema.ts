import * as z from "zod";
import { descriptionOf } from "../../contract/descriptions.ts";

export type Json = Record<string, unknown>;

/** An object schema as JSON Schema: the parts that say what fields there are. */
export type InputSchema = { properties: Record<string, Json>; required: string[] };

/**
 * JSON Schemas of one document. Those that have a name (`.meta({ id })`) are collected and referred to; a name means
 * one schema, and two of the same name are a mistake of ours.
 */
export class Schemas {
  readonly #named = new Map<string, Json>();

  /** An input: an object in which fields with a default are optional. */
  input(schema: z.ZodType): InputSchema {
    const { properties = {}, required = [] } = this.#convert(schema, "input") as Partial<InputSchema>;
    return { properties, required };
  }

  /** A result. */
  output(schema: z.ZodType): Json {
    return this.#convert(schema, "output");
  }

  /** All named schemas, by name. */
  named(): Json {
    return Object.fromEntries([...this.#named].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #convert(schema: z.ZodType, io: "input" | "output"): Json {
    // Within another schema one that has a name is referred to, as it is not where it stands alone.
    const text = JSON.stringify(
      z.toJSONSchema(z.strictObject({ it: schema }), { io, unrepresentable: "any" }),
    );
    const whole = JSON.parse(text.replaceAll("#/$defs/", "#/components/schemas/")) as {
      properties: { it: Json };
      $defs?: Record<string, Json>;
    };
    for (const [name, bare] of Object.entries(whole.$defs ?? {})) {
      const definition = described(bare);
      const known = this.#named.get(name);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
        throw new Error(`two schemas are named ${name}`);
      this.#named.set(name, definition);
    }
    return described(whole.properties.it);
  }
}

/** The schema with a description on each property that has none of its own. */
function described(schema: Json): Json {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] =>
    key === "properties" && isJson(value)
      ? [key, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, property(name, part)]))]
      : [key, deeper(value)],
  );
  return Object.fromEntries(entries);
}

function property(name: string, schema: unknown): unknown {
  if (!isJson(schema)) return schema;
  const inner = described(schema);
  const words = descriptionOf(name);
  return words === null || "description" in inner ? inner : { ...inner, description: words };
}

function deeper(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deeper);
  return isJson(value) ? described(value) : value;
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
