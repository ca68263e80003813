import { type SQL, sql } from "drizzle-orm";
import type { Recipe, RecipeView } from "../../contract/recipe.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { canonical, sha256 } from "../core/hash.ts";
import { checkPatterns } from "./params.ts";
import type { Actor } from "../core/reasons.ts";
import { json, tell } from "../core/event.ts";
import { isNotRemoved } from "../core/live.ts";

/** Recipes by content: the last one put is current; the version of an assignment stays readable indefinitely. */
async function readRecipes(db: Db, where: SQL): Promise<RecipeView[]> {
  const found = await rows<{ content: Recipe; version: string; createdAt: string }>(
    db,
    sql`select distinct on (name) content, version, ${iso(sql`created_at`)} as "createdAt" from recipes
      where ${isNotRemoved()} and ${where} order by name, put_at desc`,
  );
  return found.map(({ content, version, createdAt }) => ({ ...content, version, createdAt }));
}

/** The current version of every recipe. */
export function listRecipes(db: Db): Promise<RecipeView[]> {
  return readRecipes(db, sql`true`);
}

/** @throws WarmpoolError NOT_FOUND. */
export async function getRecipe(db: Db, name: string): Promise<RecipeView> {
  const [found] = await readRecipes(db, sql`name = ${name}`);
  if (found === undefined)
    throw new WarmpoolError("NOT_FOUND", `there is no recipe named ${name}; push it first`);
  return found;
}

/**
 * Makes this content the current one. The same content again is the same version.
 * @throws WarmpoolError BAD_REQUEST for a pattern that values cannot be checked by.
 */
export async function putRecipe(db: Db, recipe: Recipe, actor: Actor): Promise<RecipeView> {
  checkPatterns(recipe.params);
  const version = (await sha256(canonical(recipe))).slice(0, 16);
  await db.transaction(async (tx) => {
    const [before] = await rows<{ version: string }>(
      tx,
      sql`select version from recipes where name = ${recipe.name} and ${isNotRemoved()} order by put_at desc limit 1`,
    );
    await tx.execute(sql`
      insert into recipes (name, version, content) values (${recipe.name}, ${version}, ${json(recipe)})
      on conflict (name, version) do update set put_at = now(), removed_at = null`);
    if (before?.version === version) return;
    await tell(tx, {
      kind: "recipe",
      actor,
      reason: "spec_changed",
      before: before?.version ?? null,
      after: version,
      data: { name: recipe.name },
    });
  });
  return getRecipe(db, recipe.name);
}
