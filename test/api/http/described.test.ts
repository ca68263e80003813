import { expect, test } from "vitest";
import { openApi } from "../../../src/api/http/openapi.ts";
import { ROUTES } from "../../../src/api/http/routes.ts";
import { descriptionOf, TABLES } from "../../../src/contract/descriptions.ts";
import { poolSpecDocument, recipeDocument } from "../../../scripts/docs/specs.ts";

/** Each property of what comes and goes has a description. */
function undescribed(value: unknown, at: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
    const where = `${at}/${key}`;
    if (key !== "properties" || typeof part !== "object" || part === null) return undescribed(part, where);
    return Object.entries(part).flatMap(([name, schema]: [string, unknown]) => [
      ...(hasWords(schema) ? [] : [`${where}/${name}`]),
      ...undescribed(schema, `${where}/${name}`),
    ]);
  });
}

function hasWords(schema: unknown): boolean {
  return (
    typeof schema === "object" &&
    schema !== null &&
    "description" in schema &&
    typeof schema.description === "string" &&
    schema.description.endsWith(".")
  );
}

test("descriptions: each field is in exactly one table", () => {
  const names = TABLES.flatMap((table) => Object.keys(table));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("the OpenAPI document describes each property", () => {
  const document = openApi(ROUTES);
  // What narrows a problem's code names a property that its own schema describes.
  const missing = undescribed(document, "").filter((where) => !where.endsWith("allOf/1/properties/code"));
  expect(missing).toEqual([]);
  expect(descriptionOf("no such field")).toBeNull();
});

test("the references of a pool's spec and of recipe.json have words and a type for each field", () => {
  for (const document of [poolSpecDocument(), recipeDocument()]) {
    const fields = document.split("\n").filter((line) => line.startsWith("| `"));
    expect(fields.length).toBeGreaterThan(8);
    for (const line of fields) expect(line.split(" | ")[1], line).toMatch(/\.$/);
  }
});
