import type { ErrorCode } from "../../contract/errors.ts";
import { HTTP_STATUS } from "../../domain/core/errors.ts";
import { type Json, Schemas } from "./jsonSchema.ts";
import { problem } from "./problem.ts";
import { hasBody, pathFields, type Route } from "./route.ts";

/**
 * The OpenAPI 3.1 document of the table of routes. Its schemas are JSON Schema 2020-12, made from the very schemas
 * that validate.
 */
export function openApi(routes: readonly Route[]): Json {
  const schemas = new Schemas();
  const paths = new Map<string, Json>();
  for (const route of routes) {
    const address = `/admin/v1${route.path.replaceAll(/:(\w+)/g, "{$1}")}`;
    paths.set(address, { ...paths.get(address), [route.method.toLowerCase()]: operation(route, schemas) });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Warmpool admin HTTP",
      version: "1",
      description:
        "Administration of Warmpool over HTTP. Errors are problem+json (RFC 9457) with a code from a closed " +
        "set. Unknown fields and unknown query parameters are refused.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "A token: `wp_…`." } },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      schemas: schemas.named(),
    },
  };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "A request with the same key is executed once, and its response is repeated for 24 hours; a different request with it is " +
    "a CONFLICT. A key is valid only for the token that used it.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x21\\x23-\\x7e]+$" },
};

function operation(route: Route, schemas: Schemas): Json {
  const input = schemas.input(route.procedure.input);
  const fields = pathFields(route.path);
  const required = input.required.filter((name) => !fields.includes(name));
  const parameters: Json[] = Object.entries(input.properties).flatMap(([name, schema]) => {
    if (fields.includes(name)) return [{ name, in: "path", required: true, schema }];
    return hasBody(route.method)
      ? []
      : [{ name, in: "query", required: required.includes(name), ...written(schema) }];
  });
  if (route.method === "POST") parameters.push({ $ref: "#/components/parameters/IdempotencyKey" });
  return {
    operationId: route.procedure.path,
    tags: [tagOf(route)],
    summary: route.summary,
    description: `Requires a token with the role ${route.procedure.roles.join(" or ")}. As \`${route.procedure.path}\` over tRPC.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody(route.method) ? { requestBody: requestBody(input.properties, required) } : {}),
    responses: { "200": success(route, schemas), ...problems(route, schemas) },
  };
}

/** An object in a query is written as JSON. */
function written(schema: Json): Json {
  return schema["type"] === "object" ? { content: { "application/json": { schema } } } : { schema };
}

/** What is in the path may stand in the body too, if it is the same: what one GET gave can be sent as it is. */
function requestBody(properties: Json, required: string[]): Json {
  return {
    required: required.length > 0,
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties,
          additionalProperties: false,
          ...(required.length === 0 ? {} : { required }),
        },
      },
    },
  };
}

function success(route: Route, schemas: Schemas): Json {
  return {
    description: "Done.",
    ...(route.method === "POST"
      ? {
          headers: {
            "Idempotency-Replayed": {
              description: "`true` if this is the stored response for the Idempotency-Key.",
              schema: { const: "true" },
            },
          },
        }
      : {}),
    content: { "application/json": { schema: schemas.output(route.output) } },
  };
}

function problems(route: Route, schemas: Schemas): Json {
  const codes = new Set<ErrorCode>([
    ...route.procedure.codes,
    "RATE_LIMITED",
    ...(route.method === "POST" ? (["CONFLICT"] as const) : []),
  ]);
  const statuses = Map.groupBy(codes, (code) => String(HTTP_STATUS[code]));
  if (hasBody(route.method)) {
    statuses.set("413", ["BAD_REQUEST"]);
    statuses.set("415", ["BAD_REQUEST"]);
  }
  const base = schemas.output(problem);
  return Object.fromEntries(
    [...statuses].map(([status, enumeration]) => [
      status,
      {
        description: enumeration.join(", "),
        ...(status === "429" || status === "503" ? { headers: { "Retry-After": RETRY_AFTER } } : {}),
        content: {
          "application/problem+json": {
            schema: { allOf: [base, { type: "object", properties: { code: { enum: enumeration } } }] },
          },
        },
      },
    ]),
  );
}

const RETRY_AFTER = { description: "Seconds.", schema: { type: "integer", minimum: 1 } };

function tagOf(route: Route): string {
  return route.procedure.path.split(".")[0] ?? "";
}
