import type { Assignment } from "../../contract/assignment.ts";
import type { MachineView } from "../../contract/machine.ts";
import type { NodeView } from "../../contract/node.ts";
import type { PoolView } from "../../contract/pool.ts";
import type { DutyHeartbeat } from "../../contract/sweep.ts";
import { nodeTable } from "./nodeView.ts";
import { needsWord, orphanSentences, waitingOrphans } from "./orphansText.ts";
import type { Output } from "../terminal/output.ts";
import { concerns } from "./concerns.ts";
import { poolTable } from "./poolView.ts";
import type { Command as Words } from "../terminal/said.ts";
import { failedSentences, waitingSentences } from "./testersText.ts";
import { clean, trimDot, wrap } from "../terminal/text.ts";
import { ago, ahead, duration } from "../terminal/time.ts";

/**
 * What the page is made of; null for what the token's role may not see. `leaving` are the machines in `deleting`, `testers`
 * those who wait or whose set-up failed, the newest first.
 */
export type StatusFacts = {
  pools: PoolView[];
  nodes: NodeView[] | null;
  duties: DutyHeartbeat[] | null;
  leaving: MachineView[] | null;
  testers: Assignment[];
};

/**
 * The page: pools, nodes, and last, where the eye is, what is wrong, each with its cause, since when and what to do.
 * `command` makes a command line to try. Pure.
 */
export function statusLines(
  facts: StatusFacts,
  command: Words,
  { columns, tableColumns, colors }: Pick<Output, "columns" | "tableColumns" | "colors">,
  now: number,
): string[] {
  const { pools, nodes } = facts;
  const wrong = problems(facts, command, now).flatMap((sentence) => wrap(clean(sentence), columns));
  const pending = [
    ...concerns(pools, { command, columns, now, saidOfNodes: nodes !== null }),
    ...waitingSentences(facts.testers, command, now).flatMap((sentence) => wrap(clean(sentence), columns)),
  ];
  return [
    ...(pools.length === 0
      ? [`No pool yet. Create one: \`${command("pool", "put", "FILE")}\``]
      : poolTable(pools, tableColumns)),
    ...(nodes === null || nodes.length === 0 ? [] : ["", ...nodeTable(nodes, tableColumns)]),
    ...section(pending.map((line) => colors.yellow(line))),
    ...section(wrong.map((line) => colors.red(line))),
    ...(pending.length + wrong.length === 0 ? section([colors.green(allClear(facts))]) : []),
  ];
}

/** An all-clear is about what was looked at: the main app's token sees neither nodes nor duties. */
function allClear({ nodes, duties, leaving }: StatusFacts): string {
  return nodes === null || duties === null || leaving === null
    ? "Nothing is wrong, as far as this token can see."
    : "Nothing is wrong.";
}

function problems({ nodes, duties, leaving, testers }: StatusFacts, command: Words, now: number): string[] {
  return [
    ...(nodes ?? []).flatMap((node) => nodeProblem(node, command, now)),
    ...(nodes ?? []).flatMap((node) => brakeProblem(node, command, now)),
    ...(nodes ?? []).flatMap((node) => orphanProblem(node, command)),
    ...(nodes?.length === 0
      ? [
          `There is no node, so no machine can be created. \`${command("node", "enroll", "NAME")}\` begins one.`,
        ]
      : []),
    ...(duties ?? []).flatMap((duty) => dutyProblem(duty, command, now)),
    ...(leaving ?? []).flatMap((machine) => keptProblem(machine, command, now)),
    ...(leaving ?? []).flatMap((machine) => teardownProblem(machine, command, now)),
    ...failedSentences(testers, command, now),
  ];
}

function nodeProblem(
  { name, state, lastSeenAt, driverProblem, machines }: NodeView,
  command: Words,
  now: number,
): string[] {
  if (state !== "silent") {
    if (driverProblem === null) return [];
    return [
      `${name}: its driver has been failing for ${lasted(driverProblem.since, now)}: ${driverProblem.message}. No machine can be created, deleted or proven gone there; look at the hypervisor.`,
    ];
  }
  const follows =
    machines === 0
      ? "so no machine is created there"
      : `so its machines are not assigned, ${machines} in all (\`${command("machine", "list", "--node", name)}\`)`;
  // A relay that restarts or a network that breaks is back by then.
  const isLong = lastSeenAt === null || now - Date.parse(lastSeenAt) > LOST_AFTER_MS;
  const lost = isLong
    ? ` If the host is lost for good, run \`${command("node", "remove", name, "--lost")}\`.`
    : "";
  return [
    `${name}: its relay was last heard ${ago(lastSeenAt, now)}, ${follows}. On that node, see why with \`journalctl -u warmpool-relay\`, or start the relay.${lost}`,
  ];
}

const LOST_AFTER_MS = 15 * 60_000;

function brakeProblem({ name, brake }: NodeView, command: Words, now: number): string[] {
  if (brake === null || brake.releasedAt !== null) return [];
  const { dead, answered, cause, since, canaryError, canaryNotBefore } = brake;
  const tried =
    canaryError === null
      ? ""
      : ` The last canary failed: ${trimDot(canaryError)}; the next is due ${ahead(canaryNotBefore, now)}.`;
  return [
    `${name}: ${dead} of ${answered} machines died at once ${ago(since, now)} (${cause ?? "no cause"}), so none of them is torn down, and only a canary is created there.${tried} Look at the node's network and relay; if the machines really are dead, run \`${command("node", "lift", name)}\`.`,
  ];
}

function lasted(since: string, now: number): string {
  return duration((now - Date.parse(since)) / 1000);
}

function orphanProblem(node: NodeView, command: Words): string[] {
  const waiting = waitingOrphans(node);
  const held =
    waiting === null
      ? []
      : [
          `${node.name}: ${waiting}. See which: \`${command("node", "list", "--json")}\`; if they may be deleted: \`${command("node", "reap", node.name)}\`.`,
        ];
  const each = orphanSentences(node).map((sentence) => `${node.name}: ${sentence}.`);
  const word =
    waiting === null && needsWord(node)
      ? [
          `${node.name}: to tear down those that wait for your decision, run \`${command("node", "reap", node.name, "MACHINE")}\`.`,
        ]
      : [];
  return [...held, ...each, ...word];
}

/** An orphan that is stopped and kept: the last chance to find out that it is somebody's. */
function keptProblem({ name, node, keepUntil }: MachineView, command: Words, now: number): string[] {
  if (keepUntil === null || Date.parse(keepUntil) <= now) return [];
  return [
    `${name} on ${node} belongs to no known machine: it is stopped, and will be deleted in ${duration((Date.parse(keepUntil) - now) / 1000)}. To keep it, run \`${command("machine", "forget", name)}\`.`,
  ];
}

function dutyProblem({ duty, late, outcome, error, lastEndAt }: DutyHeartbeat, command: Words, now: number) {
  if (late) {
    const ended = lastEndAt === null ? "it has never ended" : `it last ended ${ago(lastEndAt, now)}`;
    return [
      `duty ${duty} is late: ${ended}. The sweep does not run; \`${command("sweep")}\` runs it now, and look at the cron trigger.`,
    ];
  }
  if (outcome !== "failed") return [];
  return [`duty ${duty} failed ${ago(lastEndAt, now)}: ${error ?? "no cause reported"}.`];
}

/** A teardown whose last try has failed: it is tried on, and a person may have to help. */
function teardownProblem({ name, node, operation }: MachineView, command: Words, now: number): string[] {
  if (operation === null || operation.error === null) return [];
  return [
    `${name} on ${node} cannot be torn down, tried ${operation.attempt} times in ${lasted(operation.since, now)}: ${trimDot(operation.error)}. The delete is retried, and its capacity stays booked; if the machine is certainly gone, run \`${command("machine", "forget", name)}\`.`,
  ];
}

function section(lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}
