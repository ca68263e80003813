import { mkdir, readFile, writeFile } from "node:fs/promises";
import { MACHINE_STATES } from "../src/contract/machine.ts";
import { OPERATION_STATES } from "../src/contract/operation.ts";
import {
  ASSIGNMENT_MOVES,
  MACHINE_COUNTS,
  MACHINE_MOVES,
  NODE_MOVES,
  OPERATION_MOVES,
} from "../src/domain/core/states.ts";
import {
  ASSIGNMENT_FOLLOWS,
  type Follower,
  MACHINE_FOLLOWS,
  NODE_FOLLOWS,
} from "../src/domain/core/follows.ts";
import { keysOf } from "../src/contract/keysOf.ts";
import { own } from "../src/contract/own.ts";
import { alertRules } from "./docs/alerts.ts";
import { cliDocument } from "./docs/cli.ts";
import { columnsModule } from "./docs/columns.ts";
import { codesDocument } from "./docs/codes.ts";
import { conditionsDocument } from "./docs/conditions.ts";
import { grafanaDashboard } from "./docs/grafana.ts";
import { metricsDocument } from "./docs/metrics.ts";
import { proceduresDocument } from "./docs/procedures.ts";
import { settingsDocument } from "./docs/settings.ts";
import { poolSpecDocument, recipeDocument } from "./docs/specs.ts";

/**
 * Writes the documents that are tables of the code: states, codes, procedures, conditions, the command line, metrics,
 * alerts, the Grafana dashboard, the columns
 * of the database, settings, and what a person writes.
 * With `--check` it writes nothing and exits 1 where one is not what the code says.
 */
const NOTE = "Written by `npm run docs` from the code's own tables. Change those, not this.";
const HEAD = `<!-- ${NOTE} -->\n\n`;

const quoted = (states: readonly string[]) => states.map((state) => `\`${state}\``).join(", ") || "–";

const moves = <State extends string>(
  table: Record<State, readonly State[]>,
  follows: Record<State, readonly Follower[]>,
) =>
  keysOf(table).map((state) => `| \`${state}\` | ${quoted(table[state])} | ${following(follows[state])} |`);

const following = (followers: readonly Follower[]) => followers.join(", ") || "–";

const yes = (value: boolean) => (value ? "yes" : "no");

function states(): string {
  const machines = MACHINE_STATES.map((state) => {
    const { claimable, ready, capacity } = MACHINE_COUNTS[state];
    return `| \`${state}\` | ${quoted(MACHINE_MOVES[state])} | ${yes(claimable)} | ${yes(ready)} | ${yes(capacity)} | ${following(MACHINE_FOLLOWS[state])} |`;
  });
  const operations = Object.entries(OPERATION_STATES).map(
    ([state, meaning]) => `| \`${state}\` | ${quoted(own(OPERATION_MOVES, state) ?? [])} | ${meaning} |`,
  );
  return [
    `${HEAD}# States\n`,
    "The legal moves of machines, assignments, nodes and operations (src/domain/core/states.ts). One function writes each",
    "(moves.ts, nodeMoves.ts, operationMoves.ts), by compare-and-set, with its event in the same statement. Operations write",
    "no event for their moves: their result is an event of a machine, an assignment or a node.\n",
    "What follows a move (src/domain/core/follows.ts) is activated by itself: `delete` queues the machine's delete, `probe` one of",
    "the node, `match` gives machines to testers who wait, `refill` makes those that the pool lacks, and `every pool` is both in all",
    "pools. The end of a create is followed by the delete of its machine where that is `deleting`.\n",
    "## Machines\n",
    "| state | may turn | claimable | counts as ready | takes room | what follows |",
    "|---|---|---|---|---|---|",
    ...machines,
    "\nClaimable and ready also require that the machine's node is online. A row starts in `provisioning`; the row of an adopted",
    "orphan starts in `deleting` and belongs to no pool.\n",
    "## Assignments\n",
    "| state | may turn | what follows |",
    "|---|---|---|",
    ...moves(ASSIGNMENT_MOVES, ASSIGNMENT_FOLLOWS),
    "\n## Nodes\n",
    "| state | may turn | what follows |",
    "|---|---|---|",
    ...moves(NODE_MOVES, NODE_FOLLOWS),
    "\nA new session of its relay makes a node `returning` again. It becomes `online` when it has been listed and probed after that.\n",
    "## Operations\n",
    "| state | may turn | meaning |",
    "|---|---|---|",
    ...operations,
    "\nAn operation is `leased` again if its lease expired or moved to a newer session of the relay.",
    "",
  ].join("\n");
}

const check = process.argv.includes("--check");
const docs = {
  "docs/states.md": states(),
  "docs/codes.md": HEAD + codesDocument(),
  "docs/cli.md": HEAD + cliDocument(),
  "docs/procedures.md": HEAD + proceduresDocument(),
  "docs/conditions.md": HEAD + conditionsDocument(),
  "docs/metrics.md": HEAD + metricsDocument(),
  "docs/pool-spec.md": HEAD + poolSpecDocument(),
  "docs/recipe.md": HEAD + recipeDocument(),
  "docs/settings.md": HEAD + settingsDocument(),
  "docs/alerts.yml": alertRules(NOTE),
  "src/domain/installation/columns.ts": columnsModule(NOTE),
  "docs/grafana.json": grafanaDashboard(NOTE),
};
await mkdir("docs", { recursive: true });
for (const [file, text] of Object.entries(docs)) {
  if (!check) await writeFile(file, text);
  else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error(`${file} is out of date; run npm run docs`);
    process.exitCode = 1;
  }
}
