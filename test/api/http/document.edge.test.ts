import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { testDb } from "../../helpers/db.ts";
import { ONE_RUNTIME, startEdge } from "../edges.ts";

describe.each(ONE_RUNTIME)("GET /admin/v1/openapi.json on %s", (runtime) => {
  test("is an OpenAPI 3.1 document, open to everybody", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url);
    const response = await fetch(`${edge.url}/admin/v1/openapi.json`);
    expect(response.status).toBe(200);
    const document: unknown = await response.json();
    const validator = new Validator();
    const result = await validator.validate(document as Record<string, unknown>);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(validator.version).toBe("3.1");
  });
});
