import * as z from "zod";
import { moment, paramName, recipeName } from "./names.ts";
import { recordOf } from "./record.ts";
import { unixText } from "./unixText.ts";

/**
 * One parameter that a recipe takes. `pattern` is a regular expression of RE2 for the whole value; the edge refuses one
 * that it does not know. A secret one has no default: recipes are stored and shown as they are.
 */
export const recipeParam = z
  .strictObject({
    required: z.boolean().optional(),
    secret: z.boolean().optional(),
    default: z.string().max(4096).optional(),
    pattern: z.string().max(512).optional(),
    description: z.string().max(500).optional(),
  })
  .refine((param) => param.secret !== true || param.default === undefined, {
    path: ["default"],
    message: "is not allowed for a secret parameter: everyone who can read the recipe could read it",
  });

/** One step: a script for `/bin/sh` (or its own `#!` line), run as root with at most `timeoutSeconds`. */
export const recipeStep = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits or -; at most 63 characters"),
  title: z.string().trim().min(1, "must not be empty").max(80),
  script: z
    .string()
    .min(1, "must not be empty")
    .max(256 * 1024)
    .check(unixText),
  timeoutSeconds: z.int().min(1).max(86_400),
});

/** A set-up recipe as it travels: each step's `script` is the script's text. */
export const recipe = z.strictObject({
  name: recipeName,
  params: recordOf(paramName, recipeParam)
    .refine((params) => Object.keys(params).length <= 100, "has more than 100 parameters")
    .default({}),
  steps: z
    .array(recipeStep)
    .min(1, "must have at least one step")
    .max(50)
    .refine(
      (steps) => new Set(steps.map((step) => step.id)).size === steps.length,
      "has two steps with the same id",
    ),
});

export const recipeInput = z.strictObject({ name: recipeName });

/** `version`: the one to make current again, or so many of its first digits that no other begins with them; else the one before. */
export const rollbackRecipeInput = z.strictObject({
  name: recipeName,
  version: z
    .string()
    .regex(/^[0-9a-f]{4,16}$/, "must be the first 4 to 16 hex digits of the version")
    .optional(),
});

export type Recipe = z.infer<typeof recipe>;
export type RecipeStep = z.infer<typeof recipeStep>;

/** A stored recipe: `version` is the hash of its content, so the same content is the same version. */
export const recipeView = recipe.extend({ version: z.string(), createdAt: moment }).meta({ id: "Recipe" });
export type RecipeView = z.infer<typeof recipeView>;

/** One content that a recipe has had; `putAt` is when it was last made the current one. */
export const recipeVersion = z
  .strictObject({
    name: z.string(),
    version: z.string(),
    isCurrent: z.boolean(),
    steps: z.int(),
    createdAt: moment,
    putAt: moment,
  })
  .meta({ id: "RecipeVersion" });
export type RecipeVersion = z.infer<typeof recipeVersion>;

export const removedRecipe = z
  .strictObject({ name: z.string(), versions: z.int() })
  .meta({ id: "RemovedRecipe" });
export type RemovedRecipe = z.infer<typeof removedRecipe>;
