import * as z from "zod";

export type Json = Record<string, unknown>;

/** An object schema as JSON Schema: the parts that say what fields there are. */
export type InputSchema = { properties: Record<string, Json>; required: string[] };

/**
 * JSON Schemas of one document. Those that have a name (`.meta({ id })`) are collected and referred to; a name means
 * one schema, and two of the same name are a mistake of ours.
 */
export class Schemas {
  readonly #named = new Map<string, Json>();

  /** What a caller sends: an object, with what has a default left out or not. */
  input(schema: z.ZodType): InputSchema {
    const { properties = {}, required = [] } = this.#convert(schema, "input") as Partial<InputSchema>;
    return { properties, required };
  }

  /** What comes back. */
  output(schema: z.ZodType): Json {
    return this.#convert(schema, "output");
  }

  /** All that have a name, by it. */
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
    for (const [name, definition] of Object.entries(whole.$defs ?? {})) {
      const known = this.#named.get(name);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
        throw new Error(`two schemas are named ${name}`);
      this.#named.set(name, definition);
    }
    return whole.properties.it;
  }
}
