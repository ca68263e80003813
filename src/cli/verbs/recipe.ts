import type { Command } from "commander";
import type { RecipeVersion, RecipeView } from "../../contract/recipe.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { readRecipe } from "../inputs/recipeFolder.ts";
import { answer, answerInWords, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { fields, table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { listOf, more, oneOf, since } from "../terminal/listing.ts";
import { ago, duration } from "../terminal/time.ts";

/** `warmpool recipe push|list|get|versions|rollback|remove`. */
export function recipe(program: Command, cli: Cli): void {
  const verb = program.command("recipe").description("what Warmpool runs on a machine for its tester");
  verb
    .command("push")
    .description("store the recipe in a folder. Running set-ups are not changed")
    .argument("<dir>", "the folder with recipe.json and its scripts")
    .action(withSession(cli, push));
  verb
    .command("list")
    .description("list all recipes")
    .action(withSession(cli, list, RECIPES));
  verb
    .command("get")
    .description("show one recipe: its parameters and steps")
    .argument("<name>", "its name")
    .action(withSession(cli, get, RECIPE));
  verb
    .command("versions")
    .description("list the versions of a recipe, the current one first")
    .argument("<name>", "its name")
    .action(withSession(cli, versions, VERSIONS));
  verb
    .command("rollback")
    .description("make an earlier version of a recipe current again. Running set-ups are not changed")
    .argument("<name>", "its name")
    .option("--to <version>", "the first digits of the version (default: the previous one)")
    .action(withSession(cli, rollback));
  destroying(verb.command("remove"), "never")
    .description("remove a recipe that no pool and no tester uses")
    .argument("<name>", "its name")
    .action(withSession(cli, remove));
}

async function push(session: Session, dir: string): Promise<void> {
  const stored = await session.client.recipe.put.mutate(readRecipe(dir));
  answerInWords(session, stored, ({ name, version, steps }) => [
    `Recipe ${name} is stored: version ${shortVersion(version)}, ${stepsText(steps)}.`,
  ]);
}

async function list(session: Session): Promise<void> {
  const recipes = await session.client.recipe.list.query();
  answer(
    session,
    recipes,
    (all) =>
      all.length === 0
        ? [`No recipe yet. Store one: \`${next(session, "recipe", "push", "DIR")}\``]
        : table(COLUMNS, all, session.out.tableColumns),
    RECIPES,
  );
}

async function get(session: Session, name: string): Promise<void> {
  const found = await session.client.recipe.get.query({ name });
  answer(session, found, (one) => recipeLines(one, session.out.columns, Date.now()), RECIPE);
}

async function versions(session: Session, name: string): Promise<void> {
  const found = await session.client.recipe.versions.query({ name });
  answer(session, found, (all) => table(VERSION_COLUMNS, all, session.out.tableColumns), VERSIONS);
}

async function rollback(session: Session, name: string, { to }: { to?: string }): Promise<void> {
  const current = await session.client.recipe.rollback.mutate({
    name,
    ...(to === undefined ? {} : { version: to }),
  });
  answerInWords(session, current, (one) => [
    `Version ${shortVersion(one.version)} of recipe ${one.name} is the current one again.`,
    `To retry a set-up that failed with another version, run \`${next(session, "retry", "USER", "--recipe", "current")}\``,
  ]);
}

async function remove(session: Session, name: string, options: DestroyOptions): Promise<void> {
  const goes = async () => {
    const { steps } = await session.client.recipe.get.query({ name });
    return [`The recipe ${name} would be removed, with ${stepsText(steps)} and all its versions.`];
  };
  // No pool and no tester uses what can be removed.
  if (!(await mayDestroy(session, options, { goes, bare: true }))) return;
  const removed = await session.client.recipe.remove.mutate({ name });
  answerInWords(session, removed, (one) => [`Recipe ${one.name} is removed, versions: ${one.versions}.`]);
}

/** As much of a version as tells it from the others of its recipe; `rollback --to` takes it. */
const VERSION: Column<{ version: string }> = {
  title: "VERSION",
  value: ({ version }) => shortVersion(version),
  raw: ({ version }) => version,
  keep: true,
};

const VERSION_COLUMNS: Column<RecipeVersion>[] = [
  VERSION,
  { title: "STEPS", value: ({ steps }) => steps, align: "right" },
  since("FIRST STORED", ({ createdAt }) => createdAt),
  since("LAST MADE CURRENT", ({ putAt }) => putAt),
  {
    title: "",
    name: "CURRENT",
    value: ({ isCurrent }) => (isCurrent ? "current" : ""),
    raw: ({ isCurrent }) => isCurrent,
    keep: true,
  },
];
const VERSIONS = listOf(VERSION_COLUMNS);

const COLUMNS: Column<RecipeView>[] = [
  { title: "RECIPE", value: ({ name }) => name, keep: true },
  VERSION,
  { title: "STEPS", value: ({ steps }) => steps.length, align: "right" },
  since("STORED", ({ createdAt }) => createdAt),
  { title: "PARAMETERS", value: ({ params }) => Object.keys(params).join(", ") || null, text: true },
  more("STEP IDS", ({ steps }) => steps.map(({ id }) => id).join(", ")),
];
const RECIPES = listOf(COLUMNS);
const RECIPE = oneOf(COLUMNS);

/** A recipe's parameters and steps; the scripts themselves only come with --json. */
export function recipeLines(recipe: RecipeView, columns: number, now: number): string[] {
  const { name, version, createdAt, params, steps } = recipe;
  const parameters = Object.entries(params).map(([param, about]): [string, string] => {
    const traits = [
      about.required === true ? "required" : null,
      about.secret === true ? "secret" : null,
      about.default === undefined ? null : `default "${about.default}"`,
      about.pattern === undefined ? null : `matches ${about.pattern}`,
    ].filter((trait) => trait !== null);
    return [param, [about.description, traits.join(", ")].filter(Boolean).join(" - ") || "optional"];
  });
  return [
    ...fields(
      [
        ["recipe", name],
        ["version", version],
        ["stored", ago(createdAt, now)],
      ],
      columns,
    ),
    ...(parameters.length === 0 ? [] : ["", ...fields(parameters, columns)]),
    "",
    ...table(
      [
        { title: "STEP", value: ({ id }) => id, keep: true },
        { title: "WITHIN", value: ({ timeoutSeconds }) => duration(timeoutSeconds), align: "right" },
        { title: "TITLE", value: ({ title }) => title, text: true },
      ],
      steps,
      columns,
    ),
  ];
}

function stepsText({ length }: { length: number }): string {
  return `${length} ${length === 1 ? "step" : "steps"}`;
}

/** As much of a version as tells it from the others of its recipe. */
export function shortVersion(version: string): string {
  return version.slice(0, 12);
}
