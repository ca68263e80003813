import * as z from "zod";
import { poolSpec } from "../../contract/pool.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import { recipe } from "../../contract/recipe.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { checked, fieldIn, readJson } from "./jsonFile.ts";

/** What `warmpool import` reads: recipes and pools, as their `get --json` gives them or as one writes them by hand. */
export type Imported = { recipes: Recipe[]; pools: PoolSpec[] };

/** What a stored recipe carries besides: the storing side's to give. */
const GIVEN = ["version", "createdAt"];
/** A recipe, as it is written or as it is stored. */
export const importedRecipe = z.preprocess(
  (value) => (isObject(value) ? without(value, GIVEN) : value),
  recipe,
);
/** A pool as it stands carries its spec in `spec`. */
export const importedPool = z.preprocess(
  (value) => (isObject(value) && isObject(value["spec"]) ? value["spec"] : value),
  poolSpec,
);

const file = z
  .strictObject({
    recipes: z.array(importedRecipe).default([]),
    pools: z.array(importedPool).default([]),
  })
  .superRefine(({ recipes, pools }, context) => {
    for (const [kind, items] of Object.entries({ recipes, pools })) {
      for (const [index, { name }] of items.entries()) {
        if (items.findIndex((other) => other.name === name) === index) continue;
        context.addIssue({ code: "custom", path: [kind, index, "name"], message: `${name} appears twice` });
      }
    }
  });

/** @throws CliError (wrong use) naming the field that is wrong, or where the file holds nothing. */
export function readImport(path: string): Imported {
  const found = checked(file, readJson(path), (field) => fieldIn(path, field));
  if (found.recipes.length + found.pools.length > 0) return found;
  throw new CliError(
    EXIT.wrongUse,
    `${path} contains neither recipes nor pools.`,
    'Write it as { "recipes": […], "pools": […] }.',
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function without(value: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
