import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonSchema } from "../../helpers/arbitrary.ts";
import { deadline } from "../../helpers/patience.ts";

type Content = { "application/json": { schema: JsonSchema } };

/** The document as a client of the admin HTTP reads it: the routes it may call, and what each may answer. */
export type Operation = {
  method: string;
  /** As in the document: `/admin/v1/pools/{name}`. */
  path: string;
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema?: JsonSchema; content?: Content }[];
  requestBody?: { content: Content };
  responses: Record<string, { content: Record<string, { schema: JsonSchema }> }>;
};

/** As much of OpenAPI as is read here. */
export type Document = { paths: Record<string, Record<string, Omit<Operation, "method" | "path">>> };

/** Where a field of a request travels, and the whole of it as one object. */
export type RequestParts = { path: Record<string, unknown>; query: Record<string, unknown>; body: unknown };

export type ApiDocument = {
  operations: Operation[];
  /** Why the answer is not one that the document promises, or null where it is. */
  complaint(operation: Operation, status: number, type: string | null, body: unknown): string | null;
};

export async function readDocument(url: string): Promise<ApiDocument> {
  const response = await fetch(`${url}/admin/v1/openapi.json`, { signal: deadline(10) });
  return understand((await response.json()) as Document);
}

/** The same of a document that is at hand. */
export function understand(document: Document): ApiDocument {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "openapi");
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      parameters: (operation.parameters ?? []).filter((parameter) => "name" in parameter),
    })),
  );
  return {
    operations,
    complaint(operation, status, type, body) {
      const promised = operation.responses[String(status)];
      if (promised === undefined) return `status ${status} is not in the document`;
      const media = type?.split(";")[0] ?? "";
      if (promised.content[media] === undefined) return `${media} is not in the document for ${status}`;
      const steps = ["paths", operation.path, operation.method.toLowerCase()];
      const pointer = [...steps, "responses", String(status), "content", media, "schema"];
      const validate = ajv.getSchema(`openapi#/${pointer.map(escaped).join("/")}`);
      if (validate === undefined) return `there is no schema for ${status}`;
      return validate(body) === true ? null : ajv.errorsText(validate.errors);
    },
  };
}

function escaped(step: string): string {
  return encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));
}

/** All the fields of a request in one schema, by where they travel. */
export function requestSchema(operation: Operation): JsonSchema {
  const fields = (where: string): JsonSchema => {
    const here = operation.parameters.filter((parameter) => parameter.in === where);
    return {
      type: "object",
      properties: Object.fromEntries(here.map((parameter) => [parameter.name, schemaOf(parameter)])),
      required: here.filter(({ required }) => required).map(({ name }) => name),
    };
  };
  const body = operation.requestBody?.content["application/json"].schema;
  return {
    type: "object",
    properties: { path: fields("path"), query: fields("query"), ...(body === undefined ? {} : { body }) },
    required: ["path", "query", ...(body === undefined ? [] : ["body"])],
  };
}

/** An object in a query is written as JSON and said to be. */
function schemaOf({ schema, content }: Operation["parameters"][number]): JsonSchema {
  return schema ?? content?.["application/json"].schema ?? {};
}

/**
 * The address and body that carry these fields. Null where no address can carry them: an empty step of the path, or a
 * dot, is another address.
 */
export function written(operation: Operation, request: unknown): { address: string; body?: string } | null {
  const { path, query, body } = request as Partial<RequestParts>;
  if (typeof path !== "object" || path === null) return null;
  let address = operation.path;
  for (const name of operation.path.matchAll(/\{(\w+)\}/g)) {
    const text = inUrl(path[name[1] ?? ""]);
    if (/^(?:\.|%2E){0,2}$/i.test(text)) return null;
    address = address.replace(name[0], () => text);
  }
  const search = Object.entries(query ?? {}).map(([name, value]) => `${inUrl(name)}=${inUrl(value)}`);
  return {
    address: search.length === 0 ? address : `${address}?${search.join("&")}`,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function inUrl(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  return encodeURIComponent(text.toWellFormed());
}
