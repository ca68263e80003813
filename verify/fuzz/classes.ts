import * as fc from "fast-check";
import { z } from "zod";
import { openApi } from "../../src/api/http/openapi.ts";
import { ROUTES } from "../../src/api/http/routes.ts";
import { type ProcedureInfo, procedures } from "../../src/api/procedures.ts";
import {
  type Document,
  type Operation,
  requestSchema,
  understand,
  written,
} from "../../test/api/http/document.ts";
import { arbitraryOf, type Hints, type JsonSchema, mutated } from "../../test/helpers/arbitrary.ts";
import { KEY_A, RECIPE } from "../../test/helpers/world.ts";
import type { FuzzRequest } from "./request.ts";

/** What is asked, in classes: each procedure, each route, and HTTP that is neither. */
export type FuzzClass = { name: string; requests: fc.Arbitrary<FuzzRequest> };

/** What the world knows. Nothing that is random, so that the same seed makes the same requests. */
const HINTS: Hints = {
  name: ["demo", "n1", "plain"],
  pool: ["demo"],
  node: ["n1"],
  recipe: ["plain"],
  username: ["alice", "bob", "carol"],
  sshKeys: [[KEY_A], []],
  adminSshKeys: [[]],
  sshPublicKey: [KEY_A],
  params: [
    {},
    { greeting: "hi" },
    { license: "of a secret parameter" },
    RECIPE.params,
    { ...RECIPE.params, license: { secret: true } },
  ],
  id: ["demo-1", "demo-2", "demo-3"],
  cursor: ["1", "999"],
  maxSize: [5],
  targetSize: [0, 2],
  pattern: ["[a-z]+"],
};

export function fuzzClasses(bearers: readonly string[]): FuzzClass[] {
  const { operations } = understand(openApi(ROUTES) as Document);
  const authorization = fc.oneof(
    { weight: 4, arbitrary: fc.constant(`Bearer ${bearers[0] ?? ""}`) },
    { weight: 2, arbitrary: fc.constantFrom(...bearers.map((token) => `Bearer ${token}`)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", "Bearer", "Bearer \u00e9", "Basic x", `Bearer ${"a".repeat(300)}`),
    },
  );
  return [
    ...operations.map((operation) => routeClass(operation, authorization)),
    ...procedures().map((procedure) => procedureClass(procedure, authorization)),
    { name: "HTTP", requests: http(operations, authorization) },
  ];
}

type Texts = fc.Arbitrary<string>;

function routeClass(operation: Operation, authorization: Texts): FuzzClass {
  const fields = arbitraryOf(requestSchema(operation), HINTS);
  const requests = fc
    .tuple(fc.oneof(fields, mutated(fields)), authorization, keys)
    .map(([request, authorized, key]): FuzzRequest => {
      const { address, body } = written(operation, request) ?? { address: operation.path };
      const headers = { authorization: authorized, "content-type": "application/json", ...key };
      const hasBody = body !== undefined && operation.method !== "GET";
      return { method: operation.method, target: address, headers, ...(hasBody ? { body } : {}) };
    });
  return { name: `${operation.method} ${operation.path}`, requests };
}

const keys: fc.Arbitrary<{ "idempotency-key"?: string }> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("a", "b", '"c"', "", "x".repeat(300))
      .map((key) => ({ "idempotency-key": key })),
  },
);

function procedureClass({ path, type, input }: ProcedureInfo, authorization: Texts): FuzzClass {
  const schema = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const fields = arbitraryOf(schema, HINTS).map(patient);
  const requests = fc
    .tuple(fc.oneof(fields, mutated(fields).map(patient)), authorization)
    .map(([value, authorized]): FuzzRequest => {
      const headers = { authorization: authorized, "content-type": "application/json" };
      const text = JSON.stringify(value);
      if (type === "mutation") return { method: "POST", target: `/trpc/${path}`, headers, body: text ?? "" };
      const query = text === undefined ? "" : `?input=${encodeURIComponent(text)}`;
      return { method: "GET", target: `/trpc/${path}${query}`, headers };
    });
  return { name: path, requests };
}

/** A relay may wait for work for longer than an answer may take here. */
function patient(input: unknown): unknown {
  return typeof input === "object" && input !== null && "waitSeconds" in input
    ? { ...input, waitSeconds: typeof input.waitSeconds === "number" ? 0 : input.waitSeconds }
    : input;
}

/** Requests that are odd before anybody looks at their fields. */
function http(operations: readonly Operation[], authorization: Texts): fc.Arbitrary<FuzzRequest> {
  const known = [
    ...operations.map(({ path }) => path.replaceAll(/\{\w+\}/g, "demo")),
    ...procedures().map(({ path }) => `/trpc/${path}`),
    ...[
      "/healthz",
      "/metrics",
      "/admin/v1/openapi.json",
      "/trpc",
      "/admin",
      "/",
      "/session",
      "/t/x",
      "/assets/x.js",
      "/trpc/pool.list,pool.get?batch=1",
    ],
  ];
  const deep = (open: string, close: string) =>
    fc.constantFrom(50, 1000, 20_000).map((depth) => open.repeat(depth) + close.repeat(depth));
  const body = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.constantFrom(
      "{",
      "[]",
      "null",
      '"',
      "{}",
      '{"a":}',
      "\ufeff{}",
      '{"__proto__":{"a":1}}',
      '{"name":"a","name":"b"}',
    ),
    deep("[", "]"),
    deep('{"name":', "}").map((text) => text.replace(":}", ":1}")),
    deep('{"name":"x","params":{"a":', "}}").map((text) => text.replace(":}", ":1}")),
    fc.constant(`{"username":"${"x".repeat(300_000)}"}`),
    fc.constant(`{"name":"${"x".repeat(2_200_000)}"}`),
    fc.json({ maxDepth: 4 }),
  );
  const target = fc.oneof(
    fc.constantFrom(...known),
    fc
      .tuple(fc.constantFrom(...known), fc.string({ unit: "grapheme", maxLength: 40 }))
      .map(([path, text]) => `${path}/${encodeURIComponent(text.toWellFormed())}`),
    fc.constantFrom(...known).map((path) => `${path}?input=%7B&batch=1&limit=&__proto__=1&limit=%ff`),
    fc.constantFrom(
      "/%",
      "/admin/v1/pools/%00",
      "/admin/v1/pools/%E0%A4",
      "/admin/v1/%2e%2e/healthz",
      "/trpc/%2e",
      "//",
      "/trpc/constructor",
      "/trpc/__proto__.toString",
    ),
  );
  return fc
    .record({
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
      target,
      authorization,
      contentType: fc.constantFrom(
        "application/json",
        "application/json; charset=utf-7",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "",
      ),
      body,
    })
    .map(({ method, target, authorization: authorized, contentType, body: text }) => ({
      method,
      target,
      headers: { authorization: authorized, "content-type": contentType },
      ...(method === "GET" || method === "HEAD" ? {} : { body: text }),
    }));
}
