import { errorCode } from "../../client/index.ts";
import type { NodeView } from "../../contract/node.ts";
import type { PoolSpec, PoolView } from "../../contract/pool.ts";
import type { Recipe } from "../../contract/recipe.ts";
import type { TokenView } from "../../contract/token.ts";
import type { Declared } from "../inputs/declarations.ts";
import { inWords, next, shellWord } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import type { Change } from "../views/applyView.ts";
import { differences } from "../views/differences.ts";

/** What would make the installation as it is declared, in the order in which it has to be done. Changes nothing. */
export async function planOf(session: Session, declared: Declared, prune: boolean): Promise<Change[]> {
  const { client } = session;
  const [pools, nodes, tokens] = await Promise.all([
    client.pool.list.query(),
    declared.nodes.length === 0 ? [] : client.node.list.query(),
    declared.tokens.length === 0 ? [] : client.token.list.query(),
  ]);
  const standing = pools.filter(({ removedAt }) => removedAt === null);
  const recipes = await Promise.all(declared.recipes.map((one) => recipeChange(session, one)));
  const coming = new Set(recipes.filter(({ action }) => action === "create").map(({ name }) => name));
  return [
    ...recipes,
    ...declared.nodes.map((one) => nodeChange(session, one, nodes)),
    ...declared.tokens.map((one) => tokenChange(session, one, tokens)),
    ...(await Promise.all(declared.pools.map((one) => poolChange(session, one, standing, coming)))),
    ...undeclared(session, declared.pools, standing, prune),
  ];
}

async function recipeChange({ client }: Session, { name, params, steps }: Recipe): Promise<Change> {
  const stored = await orNull(client.recipe.get.query({ name }));
  const base = { kind: "recipe", name, removesMachines: false } as const;
  if (stored === null)
    return {
      ...base,
      action: "create",
      differences: [],
      text: `It would be new: ${counted(steps, "step")}.`,
    };
  const found = differences({ params: stored.params, steps: stored.steps }, { params, steps });
  return found.length === 0
    ? { ...base, action: "none", differences: [], text: "" }
    : {
        ...base,
        action: "change",
        differences: found,
        text: "Set-ups that start from then on would use it.",
      };
}

function nodeChange(
  session: Session,
  { name, labels }: Declared["nodes"][number],
  nodes: NodeView[],
): Change {
  const base = { kind: "node", name, removesMachines: false } as const;
  const stored = nodes.find((node) => node.name === name);
  if (stored === undefined) {
    const command = next(session, "node", "enroll", name);
    return {
      ...base,
      action: "leave",
      differences: [],
      text: `It is not enrolled. To begin: \`${command}\``,
    };
  }
  const found = differences({ labels: stored.labels.toSorted() }, { labels: labels.toSorted() });
  return { ...base, action: found.length === 0 ? "none" : "change", differences: found, text: "" };
}

/** A token's text is shown to a person once, so apply makes none; nor does it end one. */
function tokenChange(
  session: Session,
  { name, role }: Declared["tokens"][number],
  tokens: TokenView[],
): Change {
  const base = { kind: "token", name, differences: [], removesMachines: false } as const;
  if (tokens.some((token) => token.name === name && token.role === role && token.state === "valid"))
    return { ...base, action: "none", text: "" };
  const command = next(session, "token", "create", shellWord(name), "--role", role);
  const text = `There is no valid token of this name and role. This prints one, once: \`${command}\``;
  return { ...base, action: "leave", text };
}

async function poolChange(
  session: Session,
  spec: PoolSpec,
  standing: PoolView[],
  coming: ReadonlySet<string>,
): Promise<Change> {
  const { client } = session;
  const before = standing.find(({ name }) => name === spec.name)?.spec;
  // A recipe that is yet to be stored is unknown to the API.
  const plan = coming.has(spec.recipe)
    ? await orNull(client.pool.plan.query(spec))
    : await client.pool.plan.query(spec);
  const base = { kind: "pool", name: spec.name, removesMachines: (plan?.remove.length ?? 0) > 0 } as const;
  const found = differences(before ?? { name: spec.name }, spec);
  const text =
    plan === null
      ? `It waits for the recipe ${spec.recipe}, which is declared here as well.`
      : inWords(session, plan.text);
  if (before === undefined) return { ...base, action: "create", differences: found, text };
  // What the API takes for the same is the same.
  const isSame = plan === null ? found.length === 0 : plan.changed.length === 0;
  return isSame
    ? { ...base, action: "none", differences: [], text: "", removesMachines: false }
    : { ...base, action: "change", differences: found, text };
}

/** Pools that are there and not declared: removed by --prune, otherwise left to the person. */
function undeclared(session: Session, declared: PoolSpec[], standing: PoolView[], prune: boolean): Change[] {
  const others = standing.filter(({ name }) => !declared.some((spec) => spec.name === name));
  if (!prune) return [];
  if (declared.length === 0 && others.length > 0) {
    throw new CliError(EXIT.wrongUse, "no pool is declared, so --prune would remove every pool.");
  }
  return others.map(({ name, counts, waiting }) => {
    const { assigned, ...idle } = counts;
    if (assigned + waiting > 0) {
      throw new CliError(
        EXIT.conflict,
        `the pool ${name} is not declared, and ${assigned + waiting} testers have or wait for a machine of it, so --prune does not remove it.`,
        `Release them first, or run \`${next(session, "pool", "remove", name, "--release")}\`.`,
      );
    }
    const machines = Object.values(idle).reduce((sum, count) => sum + count, 0);
    const text = `The pool ${name} is not declared: it would be removed, and its machines torn down: ${machines}.`;
    return { kind: "pool", name, action: "remove", differences: [], text, removesMachines: true };
  });
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === "NOT_FOUND") return null;
    throw error;
  }
}

function counted(items: unknown[], name: string): string {
  return `${items.length} ${name}${items.length === 1 ? "" : "s"}`;
}
