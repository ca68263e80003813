import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/**
 * What follows a change follows by itself (src/domain/core/follows.ts). The types hold the writers of states to it; these
 * are the rules that no type has: who else writes what followers read, and who may activate a follower by hand.
 */
const sources = ["src/domain", "src/cron", "src/api"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name: `${folder}/${name}`, text: readFileSync(`${folder}/${name}`, "utf8") })),
);

const callers = (pattern: RegExp) =>
  sources
    .filter(({ text }) => pattern.test(text))
    .map(({ name }) => name)
    .toSorted();

/** Who calls it, and the file that has it. */
const BY_HAND: { follower: string; call: RegExp; callers: string[] }[] = [
  {
    follower: "queueDeletes",
    call: /\bqueueDeletes\(/,
    callers: ["src/domain/core/change.ts", "src/domain/core/operations.ts", "src/domain/pools/reap.ts"],
  },
  {
    follower: "queueProbes",
    call: /\bqueueProbes\(/,
    callers: ["src/cron/duties.ts", "src/domain/follow/follow.ts", "src/domain/health/schedule.ts"],
  },
  {
    follower: "match, of which the answer to an assign tells",
    call: /(?<!\.)\bmatch\((?!db: Db\))/,
    callers: [
      "src/domain/assignments/assign.ts",
      "src/domain/assignments/match.ts",
      "src/domain/follow/follow.ts",
    ],
  },
  {
    follower: "replenish",
    call: /\breplenish\((?!db: Db\))/,
    callers: ["src/domain/follow/follow.ts", "src/domain/supply/applyPlan.ts", "src/domain/supply/refill.ts"],
  },
  {
    follower: "a change that is left to the sweep, by its duties and in a restored database",
    call: /\bbySweep\b/,
    callers: [
      "src/domain/assignments/expire.ts",
      "src/domain/assignments/stranded.ts",
      "src/domain/core/change.ts",
      "src/domain/nodes/silence.ts",
      "src/domain/orphans/restoredBackup.ts",
      "src/domain/pools/reap.ts",
      "src/domain/pools/remove.ts",
      "src/domain/supply/shrink.ts",
    ],
  },
  {
    follower: "a change that nothing follows, by followers and a retry",
    call: /\bbyNobody\b/,
    callers: [
      "src/domain/assignments/match.ts",
      "src/domain/assignments/retry.ts",
      "src/domain/core/change.ts",
      "src/domain/supply/applyPlan.ts",
    ],
  },
];

test.each(BY_HAND)("$follower: called by these alone", ({ call, callers: known }) => {
  expect(callers(call)).toEqual(known);
});

/** Columns that decide whether a pool is refilled, a tester gets a machine, or a node is probed. */
const READ_BY_FOLLOWERS: Record<string, readonly string[]> = {
  machines: ["state", "machine_spec"],
  assignments: ["state"],
  nodes: ["state", "scheduling", "labels", "full", "inventory", "concurrency", "silence_seconds"],
  pools: ["spec", "paused", "create_not_before", "removed_at"],
  brakes: ["released_at"],
};

const SAYS = "says";

/** Every statement that writes one: whether it says so, or why it need not. */
const WRITERS: Record<string, string> = {
  "src/domain/core/moves.ts: update machines": SAYS,
  "src/domain/core/moves.ts: update assignments": SAYS,
  "src/domain/core/nodeMoves.ts: update nodes": SAYS,
  "src/domain/assignments/assign.ts: insert into assignments": SAYS,
  "src/domain/nodes/actions.ts: update nodes": SAYS,
  "src/domain/pools/pools.ts: insert into pools": SAYS,
  "src/domain/pools/pools.ts: update pools": SAYS,
  "src/domain/health/applyBrake.ts: update brakes": SAYS,
  "src/domain/health/applyBrake.ts: delete from brakes": SAYS,
  "src/domain/orphans/applyOrphans.ts: insert into machines": SAYS,
  "src/domain/imports/finishImport.ts: insert into machines": "an imported machine has its tester already",
  "src/domain/imports/finishImport.ts: insert into assignments": "it is active from the start: nobody waits",
  "src/domain/supply/applyPlan.ts: insert into machines": "is the refill, with the create's operation",
  "src/domain/supply/rollout.ts: update machines": "the sweep's refill comes next",
  "src/domain/health/applyBrake.ts: insert into brakes": "takes room away; its canary is the next refill's",
  "src/domain/nodes/actions.ts: delete from brakes": "the node goes with it, whose move says so",
  "src/domain/nodes/session.ts: insert into nodes": "a new node has nothing until it is probed",
  "src/domain/nodes/applyInventory.ts: update nodes": "reported all the time: the next sweep uses it",
  "src/domain/capacity/applyRefusal.ts: update nodes": "takes room away, with a teardown that says so",
  "src/domain/operations/finishCreate.ts: update pools": "comes with a move to ready, or makes the pool wait",
  "src/domain/pools/remove.ts: update pools": "a removed pool is not refilled",
};

test("followers: every statement that writes what they read says so, or has a reason", () => {
  expect(writers().toSorted()).toEqual(Object.keys(WRITERS).toSorted());
  const saying = Object.keys(WRITERS).filter((writer) => WRITERS[writer] === SAYS);
  for (const writer of saying) {
    const [name] = writer.split(": ");
    const text = sources.find((source) => source.name === name)?.text;
    expect(text, writer).toMatch(/\btouch\(|machineMovesIn\(/);
  }
});

/** `file: verb table` of each statement that writes such a column or row. */
function writers(): string[] {
  const found = sources.flatMap(({ name, text }) =>
    [
      ...text.matchAll(/\b(insert into|update|delete from) (machines|assignments|nodes|pools|brakes)\b/g),
    ].flatMap((match) => {
      const [statement, verb, table] = match;
      if (verb !== "update") return [`${name}: ${statement}`];
      const set = text.slice(match.index, match.index + 700).split(/`[,);\s]/)[0] ?? "";
      const columns = READ_BY_FOLLOWERS[table ?? ""] ?? [];
      const isRead = columns.some((column) => new RegExp(`(?:set|,)\\s+"?${column}"? =`).test(set));
      return isRead ? [`${name}: ${statement}`] : [];
    }),
  );
  return [...new Set(found)];
}
