import { readdirSync } from "node:fs";
import { readRecipe } from "../../src/cli/inputs/recipeFolder.ts";
import type { Recipe } from "../../src/contract/recipe.ts";

/** The recipes that come with Warmpool. */
export function recipesOfProject(): Recipe[] {
  return readdirSync("recipes").map((name) => readRecipe(`recipes/${name}`));
}
