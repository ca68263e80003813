import * as z from "zod";
import { descriptionOf } from "../../src/contract/descriptions.ts";
import { own } from "../../src/contract/own.ts";
import { exampleOf } from "../../src/contract/examples.ts";
import { poolSpec } from "../../src/contract/pool.ts";
import { recipe } from "../../src/contract/recipe.ts";

/** docs/pool-spec.md and docs/recipe.md: what a person writes, from the schemas that check it. */
type Json = {
  type?: string;
  properties?: Record<string, Json>;
  required?: string[];
  items?: Json;
  enum?: unknown[];
  default?: unknown;
  additionalProperties?: Json | boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
};

export function poolSpecDocument(): string {
  return [
    "# The spec of a pool\n",
    "The input of `npx warmpool pool put FILE` and `PUT /admin/v1/pools/NAME`: a JSON object. `npx warmpool pool plan FILE` shows",
    "the effect of a change. Memory is in MiB, disk in GiB, time in seconds. Unknown fields are refused.\n",
    "```json",
    JSON.stringify(
      exampleFor([
        "name",
        "targetSize",
        "maxSize",
        "shape",
        "image",
        "instanceType",
        "adminSshKeys",
        "recipe",
      ]),
      null,
      2,
    ),
    "```\n",
    ...fieldTable(schemaOf(poolSpec)),
    "",
  ].join("\n");
}

export function recipeDocument(): string {
  return [
    "# recipe.json\n",
    "A recipe is a folder with `recipe.json` and the scripts that it names; `npx warmpool recipe push DIR` stores it. Steps run",
    "as root on the machine, in order. Unknown fields are refused.\n",
    "```json",
    JSON.stringify({ ...exampleFor(["name", "params", "steps"]), name: "example", params: PARAMS }, null, 2),
    "```\n",
    ...fieldTable(schemaOf(recipe), { name: "example", params: PARAMS, "steps[].id": "install" }),
    "",
  ].join("\n");
}

const PARAMS = {
  channel: { description: "channel to install from", default: "stable", pattern: "stable|beta" },
};

function schemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;
}

function exampleFor(names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, exampleOf(name)]));
}

/** `instead`: examples for fields whose name means something narrower here. */
function fieldTable(schema: Json, instead: Record<string, unknown> = {}): string[] {
  return [
    "| field | what | type | default | example |",
    "|---|---|---|---|---|",
    ...rows(schema, "", (path, name) => own(instead, path) ?? exampleOf(name)),
  ];
}

type Examples = (path: string, name: string) => unknown;

function rows({ properties = {}, required = [] }: Json, under: string, examples: Examples): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const example = examples(`${under}${name}`, name);
    const preset = required.includes(name)
      ? "required"
      : schema.default === undefined
        ? ""
        : code(schema.default);
    const cells = [`\`${under}${name}\``, descriptionOf(name) ?? "", typeOf(schema), preset];
    const row = `| ${[...cells, example === undefined ? "" : code(example)].map(cell).join(" | ")} |`;
    const map = typeof schema.additionalProperties === "object" ? schema.additionalProperties : null;
    return [
      row,
      ...rows(schema, `${under}${name}.`, examples),
      ...(schema.items?.properties === undefined ? [] : rows(schema.items, `${under}${name}[].`, examples)),
      ...(map?.properties === undefined ? [] : rows(map, `${under}${name}.NAME.`, examples)),
    ];
  });
}

function typeOf({
  type,
  enum: values,
  minimum,
  maximum,
  minLength,
  maxLength,
  items,
  maxItems,
}: Json): string {
  if (values !== undefined) return values.map(code).join(" or ");
  const between = (low?: number, high?: number) =>
    low === undefined && high === undefined ? "" : `, ${low ?? "…"} to ${high ?? "…"}`;
  switch (type) {
    case "integer":
      return `whole number${between(minimum, maximum)}`;
    case "string":
      return `text${between(minLength, maxLength)}${maxLength === undefined ? "" : " characters"}`;
    case "array":
      return `list of ${typeOf(items ?? {})}${maxItems === undefined ? "" : `, ${maxItems} at most`}`;
    case "boolean":
      return "true or false";
    default:
      return "object";
  }
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
