import type { Assignment } from "../../contract/assignment.ts";
import { isAmiss } from "../../contract/amiss.ts";
import type { NodeView } from "../../contract/node.ts";
import type { PoolView } from "../../contract/pool.ts";
import type { DutyHeartbeat } from "../../contract/sweep.ts";
import { ago } from "./time.ts";
import { count, trimDot } from "./words.ts";

/** What is wrong, in the order in which it matters, each with its cure. Pure. */
export type Problem = {
  tone: "bad" | "warn";
  /** Whose it is: a node, a duty, a pool or a tester. */
  who: string;
  text: string;
  /** The same without what a machine has said, if it has: that may be long. */
  brief?: string;
  cure: string;
  since: string | null;
  /** The page that shows more. */
  href: string;
};

export type StatusFacts = {
  pools: readonly PoolView[];
  nodes: readonly NodeView[];
  duties: readonly DutyHeartbeat[];
  failed: readonly Assignment[];
};

/** What to do about a pool's condition: `actionFor` of the contract. */
export type Cure = (condition: PoolView["conditions"][number]) => string;

/** The same facts as `warmpool status` judges, worst first. */
export function problemsOf(facts: StatusFacts, cure: Cure, now: number): Problem[] {
  return [
    ...noNode(facts),
    ...facts.nodes.flatMap(nodeProblems),
    ...facts.duties.flatMap((duty) => dutyProblem(duty, now)),
    ...facts.failed.map(failedProblem),
    ...facts.pools.flatMap((pool) => poolProblems(pool, cure)),
  ].toSorted((one, other) => rank(one) - rank(other));
}

function rank({ tone }: Problem): number {
  return tone === "bad" ? 0 : 1;
}

/** The sentence of the top strip: the first problem, or that nothing is wrong. */
export function sentenceOf(problems: readonly Problem[]): string {
  const [first] = problems;
  if (first === undefined) return "Nothing is wrong.";
  const more = problems.length - 1;
  return `${first.who}: ${trimDot(first.brief ?? first.text)}.${more === 0 ? "" : ` And ${count(more, "more problem")}.`}`;
}

function noNode({ nodes, pools }: StatusFacts): Problem[] {
  if (nodes.length > 0) return [];
  return [
    {
      tone: pools.length === 0 ? "warn" : "bad",
      who: "No node",
      text: "no machine can be created",
      cure: "Enroll a node on the page Nodes.",
      since: null,
      href: "/nodes",
    },
  ];
}

function nodeProblems({ name, conditions, orphanBrake, brake }: NodeView): Problem[] {
  const href = `/nodes#${encodeURIComponent(name)}`;
  const found: Problem[] = conditions
    .filter(({ status, type, reason }) => !status && (type === "Heard" || reason !== "NotJoined"))
    .map(({ type, reason, message, since }) => ({
      tone: type === "Accounted" || reason === "NotJoined" ? "warn" : "bad",
      who: name,
      text: message,
      cure: NODE_CURES[type],
      since,
      href,
    }));
  if (brake !== null && brake.releasedAt === null)
    found.push({
      tone: "bad",
      who: name,
      text: `${brake.dead} of ${brake.answered} machines died at once${brake.cause === null ? "" : ` (${trimDot(brake.cause)})`}; none of them is torn down`,
      cure: "Look at the node's network, storage and relay. If the machines really are dead, lift the brake.",
      since: brake.since,
      href,
    });
  if (orphanBrake !== null)
    found.push({
      tone: "warn",
      who: name,
      text:
        orphanBrake.reason === "several"
          ? `${orphanBrake.count} unknown machines appeared at once, so none is torn down`
          : "the database is an older copy, so no unknown machine is torn down",
      cure: "Look at them on the page Nodes, then reap those that may be deleted.",
      since: orphanBrake.since,
      href,
    });
  return found;
}

const NODE_CURES: Record<NodeView["conditions"][number]["type"], string> = {
  Heard: "Start the relay there and check that it reaches this server.",
  DriverWorks: "Look at the hypervisor on that node.",
  Accounted: "The page Nodes shows what each one is and what happens to it.",
};

function dutyProblem({ duty, late, outcome, error, lastEndAt }: DutyHeartbeat, now: number): Problem[] {
  const base = { who: `Duty ${duty}`, since: lastEndAt, href: "/nodes#duties" };
  if (late) {
    const ended = lastEndAt === null ? "it has never ended" : `it last ended ${ago(lastEndAt, now)}`;
    return [
      {
        ...base,
        tone: "bad",
        text: `late: ${ended}`,
        cure: "Run a sweep now, and look at the cron trigger.",
      },
    ];
  }
  if (outcome !== "failed") return [];
  return [
    {
      ...base,
      tone: "bad",
      text: `failed: ${error ?? "no cause reported"}`,
      cure: "Look at the server's log.",
    },
  ];
}

function failedProblem({ id, username, pool, error, createdAt }: Assignment): Problem {
  const step = error?.step === undefined ? "" : ` in step ${error.step}`;
  const brief = `set-up failed${step} (pool ${pool})`;
  return {
    tone: "bad",
    who: `Tester ${username}`,
    text: `${brief}: ${error?.message ?? "no cause reported"}`,
    brief,
    cure: "Look at the log, then retry.",
    since: createdAt,
    href: `/testers/${id}`,
  };
}

/** Conditions that mend themselves or follow from another one are warnings. */
const GRAVE = new Set(["Degraded", "SetupsWork", "CapacityAvailable", "Progressing"]);

/** How bad it is that the condition is amiss. */
export function toneOf({ type, reason }: PoolView["conditions"][number]): Problem["tone"] {
  return GRAVE.has(type) && reason !== "Paused" ? "bad" : "warn";
}

function poolProblems(pool: PoolView, cure: Cure): Problem[] {
  return pool.conditions
    .filter(isAmiss)
    .filter(({ type }) => type !== "AllCurrent")
    .map((condition) => ({
      tone: toneOf(condition),
      who: `Pool ${pool.name}`,
      text: condition.message,
      cure: cure(condition),
      since: condition.since,
      href: `/pools/${pool.name}`,
    }));
}
