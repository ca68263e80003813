import type { Assignment } from "../../contract/assignment.ts";
import type { MachineView } from "../../contract/machine.ts";
import type { NodeView } from "../../contract/node.ts";
import type { PoolView } from "../../contract/pool.ts";
import type { Listing } from "../terminal/listing.ts";
import type { Output } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { clean, fit, wrap } from "../terminal/text.ts";
import { duration } from "../terminal/time.ts";
import { queueText } from "./assignmentView.ts";
import { nodeTable } from "./nodeView.ts";
import { concerns } from "./concerns.ts";
import { POOLS, poolTable } from "./poolView.ts";
import type { Command } from "../terminal/said.ts";
import { dayAndTime } from "./record.ts";

/** What `warmpool top` shows; null for what the token's role may not see. */
export type TopFacts = {
  pools: PoolView[];
  nodes: NodeView[] | null;
  /** Those in `provisioning` and `deleting`. */
  machines: MachineView[] | null;
  /** Those in `waiting` and `setting_up`. */
  testers: Assignment[];
};

export const TOP: Listing<TopFacts, PoolView> = { columns: POOLS.columns, rows: ({ pools }) => pools };

/** How the page is kept up to date. */
export type Freshness = "live" | "every 2 s" | "connection lost, retrying" | null;

type Work = { what: string; on: string; node: string | null; since: string; detail: string };

function workColumns(now: number): Column<Work>[] {
  return [
    { title: "UNDER WAY", value: ({ what }) => what, keep: true },
    { title: "ON", value: ({ on }) => on, keep: true },
    { title: "NODE", value: ({ node }) => node },
    { title: "FOR", value: ({ since }) => duration((now - Date.parse(since)) / 1000), align: "right" },
    { title: "", value: ({ detail }) => detail, text: true },
  ];
}

/** The page: pools and what is amiss with them, nodes, what is under way, and who waits. Pure. */
export function topLines(
  facts: TopFacts,
  { url, freshness, command }: { url: string; freshness: Freshness; command: Command },
  { columns, tableColumns, colors }: Pick<Output, "columns" | "tableColumns" | "colors">,
  now: number,
): string[] {
  const { day, time } = dayAndTime(new Date(now).toISOString());
  const moment = `${day} ${time} UTC${freshness === null ? "" : `  ${freshness}`}`;
  const work = underWay(facts);
  return [
    colors.bold(fit(clean(`${url}  ${moment}`), columns)),
    "",
    ...(facts.pools.length === 0 ? ["No pool yet."] : poolTable(facts.pools, tableColumns)),
    ...concerns(facts.pools, { command, columns, now, saidOfNodes: false }).map((line) =>
      colors.yellow(line),
    ),
    ...section(facts.nodes === null || facts.nodes.length === 0 ? [] : nodeTable(facts.nodes, tableColumns)),
    ...section(work.length === 0 ? ["Nothing is under way."] : table(workColumns(now), work, tableColumns)),
    ...section(waiting(facts.testers).flatMap((sentence) => wrap(clean(sentence), columns))),
  ];
}

/** Set-ups first: somebody waits for each. */
function underWay({ machines, testers }: TopFacts): Work[] {
  const setups = testers.flatMap(({ username, machine, setup, error }) =>
    setup === null
      ? []
      : [
          {
            what: `set-up ${username}`,
            on: machine?.name ?? "-",
            node: null,
            since: setup.startedAt,
            detail: error?.message ?? `step ${setup.step} of ${setup.steps}: ${setup.title}`,
          },
        ],
  );
  const operations = (machines ?? []).map(({ name, node, state, phase, operation, createdAt }) => ({
    what: operation?.kind ?? state,
    on: name,
    node,
    since: operation?.since ?? createdAt,
    detail: operation?.error ?? phase ?? operation?.state ?? "",
  }));
  return [...setups, ...operations];
}

function waiting(testers: readonly Assignment[]): string[] {
  return testers.flatMap(({ state, username, pool, queue }) =>
    state === "waiting"
      ? [`${username} waits for a machine of ${pool}${queue === null ? "" : `: ${queueText(queue)}`}.`]
      : [],
  );
}

function section(lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}
