import { WarmpoolError } from "../../domain/core/errors.ts";
import { own } from "../../contract/own.ts";
import type { Told } from "../failures.ts";
import { Schemas } from "./jsonSchema.ts";
import { hasBody, pathFields, type Route } from "./route.ts";

/**
 * A request's input, collected from the path, the query and the body. The result is
 * validated by the procedure's own schema, so nothing is checked here that the schema checks.
 */
export type RawInput = Record<string, unknown>;

/** A request that is refused before its input is read, with a status that no Warmpool code has. */
export class Refused extends Error {
  readonly told: Told;
  constructor(httpStatus: number, message: string) {
    super(message);
    this.told = { code: "BAD_REQUEST", httpStatus, message };
  }
}

/** Converts a query's texts to the types of the schema: numbers and booleans arrive as text. */
export function createQueryReader(route: Route): (query: URLSearchParams) => RawInput {
  const { properties } = new Schemas().input(route.procedure.input);
  const fields = new Set(pathFields(route.path));
  return (query) => {
    const input = new Map<string, unknown>();
    for (const [name, text] of query) {
      if (hasBody(route.method) || fields.has(name))
        throw new WarmpoolError("BAD_REQUEST", `${name}: unknown query parameter`);
      if (input.has(name))
        throw new WarmpoolError("BAD_REQUEST", `${name}: is given more than once in the query`);
      input.set(name, valueOf(text, own(properties, name)?.["type"]));
    }
    return Object.fromEntries(input);
  };
}

function valueOf(text: string, type: unknown): unknown {
  if ((type === "integer" || type === "number") && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === "object") return jsonOr(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** A parameter that is an object is written as JSON; what is none stays text, and the schema says what it wants. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @throws WarmpoolError BAD_REQUEST if a request whose input is its query has fields in the body. */
export function mustBeEmpty(body: RawInput): void {
  const [first] = Object.keys(body);
  if (first === undefined) return;
  throw new WarmpoolError("BAD_REQUEST", `${first}: this address accepts no body; send it in the query`);
}

/** The body as an object; none is an empty one. @throws Refused, WarmpoolError BAD_REQUEST. */
export function readBody(text: string, contentType: string | undefined): RawInput {
  if (text.trim() === "") return {};
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? ""))
    throw new Refused(415, "the body must be JSON; send content-type: application/json");
  const body = parseJson(text);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new WarmpoolError("BAD_REQUEST", "the body must be a JSON object");
  return { ...body };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WarmpoolError("BAD_REQUEST", "the body is not JSON");
  }
}

/** Adds the path's fields. @throws WarmpoolError BAD_REQUEST if the body contradicts the path. */
export function withPath(input: RawInput, path: Record<string, string>): RawInput {
  for (const [name, value] of Object.entries(path)) {
    if (Object.hasOwn(input, name) && own(input, name) !== value)
      throw new WarmpoolError(
        "BAD_REQUEST",
        `${name}: differs from the one in the address; omit it from the body`,
      );
  }
  return { ...input, ...path };
}
