import { sql } from "drizzle-orm";
import type { RecipeVersion, RecipeView, RemovedRecipe } from "../../contract/recipe.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import type { Actor } from "../core/reasons.ts";
import { getRecipe } from "./recipes.ts";
import { tell } from "../core/event.ts";
import { isLiveAssignment, isNotRemoved } from "../core/live.ts";
import { specText } from "../core/spec.ts";

/** What becomes of a recipe once it is stored: which versions there are, going back to one, and taking it out. */

/** So many testers are named in a refusal. */
const NAMED = 5;

/** The current version first, then by when each was last the current one. @throws WarmpoolError NOT_FOUND. */
export async function recipeVersions(db: Db, name: string): Promise<RecipeVersion[]> {
  const found = await rows<RecipeVersion>(
    db,
    sql`select name, version, row_number() over (order by put_at desc) = 1 as "isCurrent",
        jsonb_array_length(content -> 'steps')::int as steps, ${iso(sql`created_at`)} as "createdAt", ${iso(sql`put_at`)} as "putAt"
      from recipes where name = ${name} and ${isNotRemoved()} order by put_at desc`,
  );
  if (found.length === 0) throw missing(name);
  return found;
}

/**
 * Makes an earlier version the current one again: new set-ups run it, what is running is not touched.
 * @param version its first digits; left out, the one that was current before
 * @throws WarmpoolError NOT_FOUND; CONFLICT if there is no earlier one, or the digits fit several.
 */
export async function rollbackRecipe(
  db: Db,
  { name, version }: { name: string; version?: string | undefined },
  actor: Actor,
): Promise<RecipeView> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from recipes where name = ${name} for no key update`);
    const versions = await recipeVersions(tx, name);
    const before = versions.find(({ isCurrent }) => isCurrent)?.version ?? null;
    const after = chooseVersion(versions, name, version);
    if (after === before) return;
    await tx.execute(
      sql`update recipes set put_at = clock_timestamp() where name = ${name} and version = ${after}`,
    );
    await tell(tx, { kind: "recipe", actor, reason: "rolled_back", before, after, data: { name } });
  });
  return getRecipe(db, name);
}

/** The version to go back to. Pure. @param versions the current one first */
export function chooseVersion(
  versions: readonly Pick<RecipeVersion, "version">[],
  name: string,
  wanted: string | undefined,
): string {
  if (wanted === undefined) {
    const [, former] = versions;
    if (former !== undefined) return former.version;
    throw new WarmpoolError("CONFLICT", `recipe ${name} has only one version, so it cannot be rolled back`);
  }
  const [found, another] = versions.filter(({ version }) => version.startsWith(wanted));
  if (found === undefined)
    throw new WarmpoolError("NOT_FOUND", `recipe ${name} has no version that begins with ${wanted}`);
  if (another !== undefined)
    throw new WarmpoolError(
      "CONFLICT",
      `several versions of recipe ${name} begin with ${wanted}; give more digits`,
    );
  return found.version;
}

/**
 * Takes a recipe out: it is listed no more, and no pool may name it. Its contents stay as what past assignments ran; put
 * again, it is there again, without the other versions.
 * @throws WarmpoolError NOT_FOUND; CONFLICT if a pool or a live assignment uses it: it names them.
 */
export async function removeRecipe(db: Db, name: string, actor: Actor): Promise<RemovedRecipe> {
  return db.transaction(async (tx) => {
    // A put of a pool with it, and a new assignment with it, lock the row, so that the first one is seen.
    await tx.execute(sql`select 1 from recipes where name = ${name} for update`);
    const versions = await recipeVersions(tx, name);
    const users = await usersOf(tx, name);
    if (users !== null) throw new WarmpoolError("CONFLICT", `recipe ${name} is used by ${users}`);
    await tx.execute(sql`update recipes set removed_at = now() where name = ${name} and ${isNotRemoved()}`);
    const before = versions[0]?.version ?? null;
    await tell(tx, { kind: "recipe", actor, reason: "recipe_removed", before, after: null, data: { name } });
    return { name, versions: versions.length };
  });
}

/** Who uses the recipe, in words; null if nobody does. */
async function usersOf(tx: Db, name: string): Promise<string | null> {
  const pools = await rows<{ name: string }>(
    tx,
    sql`select name from pools where ${specText("recipe", sql`pools`)} = ${name} and ${isNotRemoved()} order by name`,
  );
  const testers = await rows<{ username: string }>(
    tx,
    sql`select username from assignments where recipe = ${name} and ${isLiveAssignment()} order by seq`,
  );
  const named = testers
    .slice(0, NAMED)
    .map(({ username }) => username)
    .join(", ");
  const more = testers.length > NAMED ? ` and ${testers.length - NAMED} more` : "";
  const parts = [
    ...(pools.length === 0
      ? []
      : [`pool ${pools.map((pool) => pool.name).join(", ")}: give it another recipe first`]),
    ...(testers.length === 0 ? [] : [`the assignments of ${named}${more}: release them first`]),
  ];
  return parts.length === 0 ? null : parts.join("; and by ");
}

function missing(name: string): WarmpoolError {
  return new WarmpoolError("NOT_FOUND", `there is no recipe named ${name}; push it first`);
}
