import type { Command } from "commander";
import { readDeclarations } from "../inputs/declarations.ts";
import type { Declared } from "../inputs/declarations.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { CHANGES, planLines, sumText } from "../views/applyView.ts";
import type { Change } from "../views/applyView.ts";
import { planOf } from "./applyPlan.ts";

type ApplyOptions = DestroyOptions & { plan?: true; prune?: true };

/** `warmpool apply FILE|DIR`: makes pools, recipes and labels what is declared, after showing the difference. */
export function apply(program: Command, cli: Cli): void {
  destroying(program.command("apply"), "if machines would be removed")
    .description("make pools, recipes and node labels what the files declare, after showing the difference")
    .argument("<file>", "a file, JSON or YAML, or a folder of them (docs/apply.md)")
    .option("--plan", "only show what would change; exits 0 whether or not something would")
    .option("--prune", "also remove the pools that are not declared")
    .addHelpText(
      "after",
      [
        "",
        "On a terminal it asks before it changes anything. Elsewhere it does so only",
        "before it removes machines: it wants --yes then. Applying the same again",
        "changes nothing.",
      ].join("\n"),
    )
    .action(withSession(cli, act, CHANGES));
}

async function act(session: Session, path: string, options: ApplyOptions): Promise<void> {
  const { out, cli, json } = session;
  const declared = await readDeclarations(path);
  const changes = await planOf(session, declared, options.prune === true);
  const lines = planLines(changes, out);
  if (options.plan === true || options.dryRun === true) {
    if (!printed(session, { applied: false, changes }, CHANGES)) out.print(...lines);
    return;
  }
  const doing = changes.filter(({ action }) => action !== "none" && action !== "leave");
  if (!json) out.noteLines(...lines);
  if (doing.length > 0) {
    const destroyed = doing.filter(({ removesMachines }) => removesMachines).map(({ text }) => text);
    const isAsked = cli.ask !== null && destroyed.length === 0;
    const goes = async () => (isAsked ? [`Changes that would be made: ${doing.length}.`] : destroyed);
    if (!(await mayDestroy(session, options, { goes, bare: false }))) return;
    for (const change of doing) await make(session, declared, change);
  }
  if (!printed(session, { applied: true, changes }, CHANGES)) out.print(sumText(changes));
}

/** What was made before a failure stays; applying again goes on from there. */
async function make({ client }: Session, declared: Declared, { kind, name, action }: Change): Promise<void> {
  const isIt = (one: { name: string }) => one.name === name;
  const recipe = kind === "recipe" ? declared.recipes.find(isIt) : undefined;
  const node = kind === "node" ? declared.nodes.find(isIt) : undefined;
  const pool = kind === "pool" ? declared.pools.find(isIt) : undefined;
  if (recipe !== undefined) await client.recipe.put.mutate(recipe);
  if (node !== undefined) await client.node.label.mutate(node);
  if (pool !== undefined) await client.pool.put.mutate(pool);
  if (action === "remove") await client.pool.remove.mutate({ name, release: false });
}
