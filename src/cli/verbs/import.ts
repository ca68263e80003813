import type { Command } from "commander";
import { errorCode } from "../../client/index.ts";
import type { PoolSpec, PoolView } from "../../contract/pool.ts";
import type { Recipe, RecipeView } from "../../contract/recipe.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { readImport } from "../inputs/importFile.ts";
import type { Imported } from "../inputs/importFile.ts";
import { inWords, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { wrap } from "../terminal/text.ts";
import { isSame } from "../views/differences.ts";

type ImportOptions = DestroyOptions & { plan?: true };
/** What one part of the file would do, and whether that takes machines away. */
type Planned = { text: string; removes: boolean };

/** `warmpool import FILE`: recipes and pools of a file, put in one go, after saying what that will do. */
export function importVerb(program: Command, cli: Cli): void {
  destroying(program.command("import"), "if machines would be removed")
    .description("store the recipes and pools of a file, after showing what will change")
    .argument("<file>", 'JSON: { "recipes": […], "pools": […] }, as their get --json gives them')
    .option("--plan", "only show what would change")
    .addHelpText(
      "after",
      "\nRecipes and pools that are not in the file stay as they are.\nImporting the same file again changes nothing.",
    )
    .action(withSession(cli, act));
}

async function act(session: Session, path: string, options: ImportOptions): Promise<void> {
  const { out } = session;
  const imported = readImport(path);
  const planned = await planOf(session, imported);
  const lines = planned.flatMap(({ text }) => wrap(text, out.columns));
  if (options.plan === true || options.dryRun === true) {
    if (session.json) return out.json({ plan: planned });
    return out.print(...lines);
  }
  for (const { text } of planned) out.note(text);
  const goes = async () => (planned.some(({ removes }) => removes) ? ["Machines would be removed."] : []);
  if (!(await mayDestroy(session, options, { goes, bare: false }))) return;
  const stored = await store(session, imported);
  if (session.json) return out.json(stored);
  out.print(
    ...wrap(`Stored: ${counted(stored.recipes, "recipe")}, ${counted(stored.pools, "pool")}.`, out.columns),
  );
}

/** Recipes first: pools name them. What was stored before a failure stays; importing again goes on from there. */
async function store(
  { client }: Session,
  imported: Imported,
): Promise<{ recipes: RecipeView[]; pools: PoolView[] }> {
  const recipes: RecipeView[] = [];
  const pools: PoolView[] = [];
  for (const recipe of imported.recipes) recipes.push(await client.recipe.put.mutate(recipe));
  for (const pool of imported.pools) pools.push(await client.pool.put.mutate(pool));
  return { recipes, pools };
}

function planOf(session: Session, { recipes, pools }: Imported): Promise<Planned[]> {
  const coming = new Set(recipes.map(({ name }) => name));
  return Promise.all([
    ...recipes.map((recipe) => recipePlan(session, recipe)),
    ...pools.map((pool) => poolPlan(session, pool, coming)),
  ]);
}

async function recipePlan({ client }: Session, recipe: Recipe): Promise<Planned> {
  const { name, steps } = recipe;
  const standing = await orNull(client.recipe.get.query({ name }));
  const what =
    standing === null
      ? "would be new"
      : isSame(contentOf(standing), contentOf(recipe))
        ? "would not change"
        : "would change, for new set-ups";
  return { text: `Recipe ${name}: ${what}, ${counted(steps, "step")}.`, removes: false };
}

async function poolPlan(session: Session, spec: PoolSpec, coming: Set<string>): Promise<Planned> {
  const plan = await orNull(session.client.pool.plan.query(spec));
  if (plan !== null) return { text: inWords(session, plan.text), removes: plan.remove.length > 0 };
  if (!coming.has(spec.recipe)) {
    throw new CliError(
      EXIT.notFound,
      `pool ${spec.name} uses the recipe ${spec.recipe}, which is neither stored nor in the file.`,
      "Store it with `warmpool recipe push DIR`, or put it into the file.",
    );
  }
  return {
    text: `Pool ${spec.name}: would be new, ${spec.targetSize} ready, ${spec.maxSize} at most, with the recipe ${spec.recipe} of this file.`,
    removes: false,
  };
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === "NOT_FOUND") return null;
    throw error;
  }
}

/** What a set-up does, without what the storing side adds. */
function contentOf({ params, steps }: Recipe): Pick<Recipe, "params" | "steps"> {
  return { params, steps };
}

function counted(items: unknown[], name: string): string {
  return `${items.length} ${name}${items.length === 1 ? "" : "s"}`;
}
