import { expect, test } from "vitest";
import { colorsFor } from "../../../src/cli/terminal/output.ts";
import { statusLines } from "../../../src/cli/views/statusView.ts";
import type { StatusFacts } from "../../../src/cli/views/statusView.ts";
import type { NodeView } from "../../../src/contract/node.ts";
import type { PoolCondition } from "../../../src/contract/pool.ts";
import type { DutyHeartbeat } from "../../../src/contract/sweep.ts";
import { aMachine, anAssignment, aPool } from "../../client/samples.ts";

const now = Date.parse("2026-11-24T10:00:00.000Z");
const layout = { columns: 80, tableColumns: 80, colors: colorsFor(process.stdout, { NO_COLOR: "1" }) };
const command = (...words: string[]) => ["npx warmpool", ...words].join(" ");
const page = (facts: Partial<StatusFacts>) =>
  statusLines(
    { pools: [], nodes: null, duties: null, leaving: null, testers: [], ...facts },
    command,
    layout,
    now,
  );

const node: NodeView = {
  name: "n1",
  state: "silent",
  scheduling: "open",
  labels: [],
  concurrency: 2,
  silenceSeconds: 90,
  brake: null,
  orphans: [],
  orphanBrake: null,
  driverProblem: null,
  conditions: [],
  driver: "local",
  driverVersion: "1",
  relayVersion: "0.1.0",
  lastSeenAt: "2026-11-24T09:57:00.000Z",
  lastProbeAt: null,
  machines: 2,
  inventory: null,
  createdAt: "2026-11-24T09:00:00.000Z",
};

const duty: DutyHeartbeat = {
  duty: "probe",
  lastStartAt: "2026-11-24T09:00:00.000Z",
  lastEndAt: "2026-11-24T09:00:00.000Z",
  outcome: "done",
  error: null,
  late: true,
};

test("a silent node: since when, what follows, what to do", () => {
  expect(
    page({ nodes: [node] })
      .slice(-4)
      .join(" "),
  ).toContain(
    "(`npx warmpool machine list --node n1`). On that node, see why with `journalctl -u warmpool-relay`, or start the relay.",
  );
  expect(page({ nodes: [node] }).join(" "), "silent for a short time").not.toContain("--lost");
  const long = { ...node, lastSeenAt: "2026-11-24T08:00:00.000Z" };
  expect(page({ nodes: [long] }).join(" ")).toMatch(
    /start the relay\. If the host is lost for good, run `npx warmpool node remove n1 --lost`\./,
  );
  expect(page({ nodes: [node] }).join(" ")).toContain(
    "n1: its relay was last heard 3m ago, so its machines are not assigned, 2 in all (",
  );
  expect(page({ nodes: [{ ...node, machines: 0 }] }).join(" ")).toContain(
    "n1: its relay was last heard 3m ago, so no machine is created there. On that node,",
  );
});

test("orphans that wait for a word: how many, why, and how it is given", () => {
  const since = "2026-11-24T09:50:00.000Z";
  const orphans = ["a", "b", "c"].map((name) => ({
    waits: null,
    of: null,
    username: null,
    name,
    since,
    confirmedBy: name === "a" ? "admin:x" : null,
  }));
  const held: NodeView = {
    ...node,
    state: "online",
    orphans,
    orphanBrake: { reason: "several", since, count: 3 },
  };
  const words = page({ nodes: [held] }).join(" ");
  expect(words).toContain("n1: 2 orphans: several at once, so none is torn down.");
  expect(words).toContain("`npx warmpool node reap n1`");
  const free = { ...held, orphanBrake: null };
  expect(page({ nodes: [free] }).join(" ")).toContain(
    "n1: b belongs to no known machine; it is stopped when",
  );
  const confirmed = orphans.map((one) => ({ ...one, confirmedBy: "admin:x" }));
  expect(page({ nodes: [{ ...free, orphans: confirmed }], duties: [], leaving: [] }).at(-1)).toBe(
    "Nothing is wrong.",
  );
});

test.each<[Partial<NodeView["orphans"][number]>, string, boolean]>([
  [{ waits: "copy", of: "demo-7", username: "dave" }, "n1: x is a copy of demo-7, which was dave's", false],
  [{ waits: "had_tester", username: "dave" }, "n1: x was the machine of dave; it is kept", true],
  [{ waits: "vanished" }, "n1: x appeared while a machine of this node was missing", true],
  [{ waits: "never_given" }, "n1: x carries this installation's mark, but was never created by it", true],
  [{ waits: "unmarked" }, "n1: x has a mark that names no machine", true],
  [{ waits: "given_up" }, "n1: x was forgotten by a person and is still there", true],
])(
  "an orphan that waits, %o: shown from its first sighting, with what becomes of it",
  (orphan, words, needs) => {
    const one = { name: "x", since: "2026-11-24T09:50:00.000Z", confirmedBy: null, waits: null, of: null };
    const orphans = [{ ...one, username: null, ...orphan }];
    const said = page({ nodes: [{ ...node, state: "online", orphans }] }).join(" ");
    expect(said).toContain(words);
    expect(said.includes("npx warmpool node reap n1 MACHINE")).toBe(needs);
  },
);

test("a node whose driver fails: what it says, since when, and what follows", () => {
  const driverProblem = {
    message: "Incus does not answer: connect ENOENT",
    since: "2026-11-24T09:50:00.000Z",
  };
  expect(page({ nodes: [{ ...node, state: "online", driverProblem }] }).join(" ")).toContain(
    "Incus does not answer: connect ENOENT. No machine can be created, deleted or proven gone there",
  );
});

test("a late duty, and one that failed", () => {
  const words = page({
    duties: [duty, { ...duty, duty: "reap", late: false, outcome: "failed", error: "no room" }],
  });
  expect(words.join(" ")).toContain("duty probe is late: it last ended 1h ago.");
  expect(words.at(-1)).toBe("duty reap failed 1h ago: no room.");
});

test("a teardown that fails: which, how often, since when, why, and the way out", () => {
  const operation = {
    kind: "delete",
    state: "queued",
    attempt: 4,
    error: "the disk is busy",
    since: "2026-11-24T09:48:00.000Z",
  } as const;
  const words = page({ leaving: [aMachine({ state: "deleting", operation })] }).join(" ");
  expect(words).toContain("wp-demo-7 on local cannot be torn down, tried 4 times in 12m: the disk is busy.");
  expect(words).toContain("`npx warmpool machine forget wp-demo-7`");
});

test("what goes well is not told of: a teardown on its way, a duty in time", () => {
  const leaving = [aMachine({ state: "deleting", operation: null })];
  const online: NodeView = { ...node, state: "online" };
  expect(page({ nodes: [online], duties: [{ ...duty, late: false }], leaving }).at(-1)).toBe(
    "Nothing is wrong.",
  );
});

test("without a node nothing makes machines", () => {
  expect(page({ nodes: [] }).join(" ")).toContain("There is no node, so no machine can be created.");
});

const since = "2026-11-24T09:50:00.000Z";
const fine: PoolCondition = {
  type: "Degraded",
  status: false,
  reason: "Fine",
  message: "no problem is known",
  since,
};

test("a pool with nothing amiss is not told of", () => {
  const full: PoolCondition = {
    type: "Ready",
    status: true,
    reason: "TargetReached",
    message: "3 of 3",
    since,
  };
  const pools = [aPool({ conditions: [full, fine] })];
  expect(page({ pools, nodes: [], duties: [], leaving: [] }).at(-1)).not.toContain("demo");
  // The main app's token sees neither nodes nor duties, nor what is being deleted.
  expect(page({ pools }).at(-1)).toBe("Nothing is wrong, as far as this token can see.");
});

test("a degraded pool, and one that is not ready: cause and since", () => {
  const braked: PoolCondition = { ...fine, status: true, reason: "Braked", message: "5 of 5 died at once" };
  const few: PoolCondition = {
    type: "Ready",
    status: false,
    reason: "BelowTarget",
    message: "0 of 3",
    since,
  };
  expect(page({ pools: [aPool({ conditions: [few, braked] })] }).slice(-2)).toEqual([
    "demo: 0 of 3 (BelowTarget, 10m ago)",
    "demo: 5 of 5 died at once (Braked, 10m ago)",
  ]);
});

test("a tester whose set-up failed, and those who wait, are told of: no all-clear beside them", () => {
  const error = { code: "step_failed", message: "No space left on device.", step: "hello" } as const;
  const failed = anAssignment({ state: "failed", error });
  const waiting = ["10:03", "10:01"].map((at, index) =>
    anAssignment({
      state: "waiting",
      username: `w${index}`,
      machine: null,
      createdAt: `2026-11-24T${at}:00.000Z`.replace("T10", "T09"),
    }),
  );
  const lines = page({ nodes: [], duties: [], leaving: [], testers: [failed, ...waiting] });
  const words = lines.join(" ");
  expect(words).toContain(
    "Set-up for alice failed in step hello: No space left on device (pool demo). See `npx warmpool log alice --pool demo`",
  );
  expect(words).toContain("then `npx warmpool retry alice --pool demo`.");
  expect(words).toContain("demo: 2 testers wait for a machine, w1 the longest: asked 59m ago.");
  expect(words).not.toContain("is wrong.");
});

test("of many whose set-ups failed five are named", () => {
  const error = { code: "step_failed", message: "no" } as const;
  const testers = Array.from({ length: 7 }, (_, n) =>
    anAssignment({ state: "failed", username: `u${n}`, error }),
  );
  const words = page({ testers }).join(" ");
  expect(words).toContain("Set-up for u4 failed: no (pool demo).");
  expect(words).not.toContain("u5");
  expect(words).toContain("2 more set-ups failed: `npx warmpool tester list --state failed`.");
});
