import { expect, test } from "vitest";
import type { Assignment } from "../../src/contract/assignment.ts";
import type { EventHint } from "../../src/contract/event.ts";
import type { MachineView, TimelineEntry } from "../../src/contract/machine.ts";
import type { NodeView } from "../../src/contract/node.ts";
import type { PoolView } from "../../src/contract/pool.ts";
import { merged } from "../../src/dashboard/server/machines.ts";
import { staleBy } from "../../src/dashboard/server/topics.ts";
import { changeText, ndjson } from "../../src/dashboard/text/events.ts";
import { chunks, grouped, matching } from "../../src/dashboard/text/groups.ts";
import { claimsOf, stacked } from "../../src/dashboard/text/history.ts";
import { resourcesOf } from "../../src/dashboard/text/resources.ts";
import { found } from "../../src/dashboard/text/search.ts";
import { readSpec, specText, startingSpec, withMember } from "../../src/dashboard/text/spec.ts";
import { barOf } from "../../src/dashboard/text/states.ts";
import { problemsOf, sentenceOf } from "../../src/dashboard/text/status.ts";
import { extended, knownHostsLine } from "../../src/dashboard/text/testerPage.ts";
import { inOrder, percentOf, stepsOf } from "../../src/dashboard/text/testers.ts";
import { sharesOf, spansOf } from "../../src/dashboard/text/timeline.ts";

/** Views with what a test is about; the rest the code under test does not look at. */
const machine = (name: string, more: Partial<MachineView> = {}) =>
  ({ id: name, name, state: "ready", pool: "demo", node: "n1", assignment: null, ...more }) as MachineView;
const tester = (more: Partial<Assignment>) =>
  ({
    username: "alice",
    state: "active",
    queue: null,
    setup: null,
    error: null,
    createdAt: "",
    ...more,
  }) as Assignment;
const setup = (step: number, steps: number, percent = 0) =>
  ({ step, steps, title: "Now", percent, attempt: 1, startedAt: "", etaSeconds: null }) as NonNullable<
    Assignment["setup"]
  >;
const hint = (more: Partial<EventHint>): EventHint => ({
  id: 1,
  at: "",
  kind: "machine",
  reason: null,
  pool: null,
  node: null,
  machine: null,
  assignment: null,
  ...more,
});
const NOTHING = {
  pools: [],
  nodes: [{ conditions: [], orphanBrake: null, brake: null } as unknown as NodeView],
  duties: [],
  failed: [],
};

test("status: nothing amiss → one sentence that says so", () => {
  expect(sentenceOf(problemsOf(NOTHING, () => "", 0))).toBe("Nothing is wrong.");
});

test("status: a failed set-up → the sentence has no text of the machine, the list of problems has all of it", () => {
  const carol = tester({
    username: "carol",
    state: "failed",
    pool: "demo",
    error: { code: "step_failed", step: "packages", message: "ended with exit code 100. ".repeat(20) },
  });
  const problems = problemsOf({ ...NOTHING, failed: [carol] }, () => "", 0);
  expect(sentenceOf(problems)).toBe("Tester carol: set-up failed in step packages (pool demo).");
  expect(problems[0]?.text).toContain("exit code 100");
});

test("status: several problems → the worst one first, with its cure, and how many more", () => {
  const pool = {
    name: "demo",
    conditions: [
      { type: "Ready", status: false, reason: "BelowTarget", message: "1 of 3.", since: "s" },
      { type: "Degraded", status: true, reason: "Braked", message: "n1 is braked.", since: "s" },
      { type: "Progressing", status: true, reason: "Full", message: "", since: "s" },
    ],
  } as unknown as PoolView;
  const problems = problemsOf({ ...NOTHING, pools: [pool] }, ({ reason }) => `cure ${reason}`, 0);
  expect(sentenceOf(problems)).toBe("Pool demo: n1 is braked. And 1 more problem.");
  expect(problems.map(({ tone, cure }) => [tone, cure])).toEqual([
    ["bad", "cure Braked"],
    ["warn", "cure BelowTarget"],
  ]);
});

test("bar: more machines than maxSize → pieces fill the bar and the target stays in it", () => {
  const counts = { provisioning: 0, ready: 3, suspect: 0, assigned: 3, held: 0, deleting: 0 };
  const bar = barOf(counts, { targetSize: 9, maxSize: 4 });
  expect(bar.pieces.map(({ state, percent }) => [state, percent])).toEqual([
    ["ready", 50],
    ["assigned", 50],
  ]);
  expect(bar.targetPercent).toBe(100);
  expect(barOf({ ...counts, ready: 0, assigned: 0 }, { targetSize: 0, maxSize: 0 }).pieces).toEqual([]);
});

test("machines: filtered, grouped by pool with orphans last, ordered by the numbers in their names", () => {
  const all = [
    machine("d-10"),
    machine("d-9"),
    machine("x-1", { pool: null }),
    machine("g-1", { pool: "a" }),
  ];
  expect(grouped(all, "pool").map(({ name, machines }) => [name, machines.map((each) => each.name)])).toEqual(
    [
      ["a", ["g-1"]],
      ["demo", ["d-9", "d-10"]],
      [null, ["x-1"]],
    ],
  );
  const filter = { state: "", pool: "", node: "", search: "ALI" };
  const hers = machine("z", { assignment: { id: "1", username: "alice" } });
  expect(matching([...all, hers], filter)).toEqual([hers]);
  expect(chunks([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
});

test("machines: read one by one → in place, new ones added, gone ones left out", () => {
  const after = merged([machine("a"), machine("b")], [machine("b", { state: "deleted" }), machine("c")]);
  expect(after.map(({ name }) => name)).toEqual(["c", "a"]);
});

test("hints: what each makes out of date", () => {
  const stale = staleBy([hint({ machine: "m" }), hint({ kind: "progress", id: null, assignment: "a" })]);
  expect(stale.machines).toEqual(new Set(["m"]));
  expect([...stale.topics].toSorted()).toEqual(
    [
      "assignment",
      "capacity",
      "deleted",
      "events",
      "history",
      "log",
      "machine",
      "nodes",
      "pools",
      "testers",
      "timeline",
    ].toSorted(),
  );
  expect(staleBy([hint({ kind: "progress", id: null, pool: "p" })]).making).toEqual(new Set(["p"]));
  expect(staleBy(Array.from({ length: 13 }, (_, at) => hint({ machine: String(at) }))).machines).toBeNull();
  expect(staleBy([hint({ kind: "constructor" })]).topics.has("pools")).toBe(true);
});

test("timeline: states become spans with their share of the time", () => {
  const entry = (id: number, kind: string, from: string | null, to: string | null, seconds: number | null) =>
    ({
      id,
      at: "",
      kind,
      from,
      to,
      actor: "node:n",
      reason: "r",
      attempt: 2,
      seconds,
      username: null,
      data: null,
    }) as TimelineEntry;
  const spans = spansOf([
    entry(1, "machine", null, "provisioning", 30),
    entry(2, "operation", null, null, null),
    entry(3, "machine", "provisioning", "ready", 90),
  ]);
  expect(spans.map(({ state, begins, title }) => [state, begins, title])).toEqual([
    ["provisioning", true, "provisioning"],
    ["provisioning", false, "operation"],
    ["ready", true, "ready"],
  ]);
  expect(spans[0]?.detail).toBe("r, by node:n, try 2");
  expect(sharesOf(spans).map(({ percent }) => percent)).toEqual([25, 75]);
});

test("testers: failed ones first, then the line by place", () => {
  const queue = (position: number) => ({ position, etaSeconds: null, etaRange: null });
  const ordered = inOrder([
    tester({ username: "c" }),
    tester({ username: "b", state: "waiting", queue: queue(2) }),
    tester({ username: "a", state: "waiting", queue: queue(1) }),
    tester({ username: "f", state: "failed" }),
  ]);
  expect(ordered.map(({ username }) => username)).toEqual(["f", "a", "b", "c"]);
});

test("set-up: the failed step is marked, what follows it is to come", () => {
  const recipe = [
    { id: "a", title: "A" },
    { id: "b", title: "B" },
    { id: "c", title: "C" },
  ];
  const failed = tester({
    state: "failed",
    setup: setup(2, 3),
    error: { code: "node_busy", message: "", step: "b" },
  });
  expect(stepsOf(failed, recipe).map(({ title, state }) => [title, state])).toEqual([
    ["A", "done"],
    ["Now", "failed"],
    ["C", "later"],
  ]);
  const within = tester({ state: "setting_up", setup: setup(3, 5) });
  expect(stepsOf(within, recipe).map(({ title, state }) => [title, state])).toEqual([
    ["Account", "done"],
    ["A", "done"],
    ["Now", "now"],
    ["C", "later"],
    ["Done", "later"],
  ]);
  expect(percentOf(tester({ state: "setting_up", setup: setup(2, 4, 50) }))).toBe(37.5);
  expect(percentOf(tester({ state: "active" }))).toBe(100);
});

test("tester's page: more time within what the pool allows, and no more", () => {
  expect(extended({ ttlSeconds: 100, extend: { maxTtlSeconds: 150 } }, 80)).toBe(150);
  expect(extended({ ttlSeconds: 150, extend: { maxTtlSeconds: 150 } }, 80)).toBeNull();
  expect(extended({ ttlSeconds: null, extend: { maxTtlSeconds: 150 } }, 80)).toBeNull();
  const hostKey = { type: "ssh-ed25519", key: "AAAA", fingerprint: "" } as const;
  const at = { name: "m", user: "u", host: "h", hostKey };
  expect(knownHostsLine({ ...at, port: 22 })).toBe("h ssh-ed25519 AAAA");
  expect(knownHostsLine({ ...at, port: 2200 })).toBe("[h]:2200 ssh-ed25519 AAAA");
});

test("resources: what machines take, what else is in use, and what is free add up", () => {
  const standing = (ours: boolean, gib: number) => ({
    name: "m",
    ours,
    running: true,
    vcpus: 2,
    memoryMib: 1024,
    disks: [{ device: "d", gib }],
    limited: true,
  });
  const inventory = {
    cpus: 8,
    memoryMib: { total: 8192, available: 4096, reserve: 1024 },
    disks: [{ name: "d", totalGib: 100, usedGib: 50, thin: false }],
    machines: [standing(true, 20), standing(false, 10)],
  };
  const [cpu, memory, disk] = resourcesOf(inventory, "disk");
  expect([cpu?.free, memory?.free, disk?.free]).toEqual([4, 3072, 50]);
  expect(disk?.terms.map(({ kind, amount }) => [kind, amount])).toEqual([
    ["ours", 20],
    ["unmanaged", 10],
    ["other_load", 20],
  ]);
  expect([cpu?.isBinding, disk?.isBinding]).toEqual([false, true]);
  expect(resourcesOf(null, null)).toEqual([]);
});

test("spec: read, changed and written; what is none is refused with a reason", () => {
  const spec = startingSpec("desk");
  expect(readSpec(specText(spec))).toEqual({ spec });
  expect(withMember({ ...spec, nodes: ["a"] }, "nodes", undefined)).toEqual(spec);
  expect(readSpec("{")).toHaveProperty("problem");
  expect(readSpec("[]")).toHaveProperty("problem");
  expect(readSpec("{}")).toHaveProperty("problem");
});

test("events: changes in words, and one object a line", () => {
  expect(changeText({ before: "setting_up", after: "active" })).toBe("setting up → active");
  expect(changeText({ before: null, after: "ready" })).toBe("ready");
  expect(changeText({ before: { targetSize: 1 }, after: { targetSize: 2, image: "x" } })).toBe(
    "targetSize, image",
  );
  expect(ndjson([])).toBe("");
});

test("history: sums, and areas that stand on each other", () => {
  expect(
    stacked([
      [1, 2],
      [3, 4],
    ]),
  ).toEqual([
    [4, 6],
    [3, 4],
  ]);
  const claims = { warm: [1, 2], waited: [0, 1], missed: [] };
  expect(claimsOf({ claims } as unknown as Parameters<typeof claimsOf>[0])).toEqual({
    warm: 3,
    waited: 1,
    missed: 0,
  });
});

test("search: names that begin with the text come first", () => {
  const results = found("al", {
    machines: [machine("metal-1")],
    testers: [tester({ id: "1" })],
    pools: [],
    nodes: [],
  });
  expect(results.map(({ name }) => name)).toEqual(["alice", "metal-1"]);
  expect(found(" ", { machines: [machine("m")], testers: [], pools: [], nodes: [] })).toEqual([]);
});
