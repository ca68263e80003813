import { expect, test } from "vitest";
import { colorsFor } from "../../../src/cli/terminal/output.ts";
import { statusLines } from "../../../src/cli/views/statusView.ts";
import type { StatusFacts } from "../../../src/cli/views/statusView.ts";
import type { NodeView } from "../../../src/contract/node.ts";
import type { PoolCondition } from "../../../src/contract/pool.ts";
import { aPool } from "../../client/samples.ts";

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

const silentIn = (holds: string): PoolCondition[] =>
  (["Progressing", "Degraded"] as const).map((type) => ({
    type,
    status: type === "Degraded",
    reason: "NodeSilent",
    message: `node n1 was last heard at 2026-11-24T09:57:00.000Z and holds machines of this pool: ${holds}. Start its relay; if the host is lost for good, run \`warmpool node remove n1 --lost\``,
    since: "2026-11-24T09:58:30.000Z",
  }));

test("a problem of a node → shown once, with the node, however many pools and conditions it affects", () => {
  const brake = {
    since: "2026-11-24T09:55:00.000Z",
    dead: 3,
    answered: 4,
    cause: "refused",
    canaryTries: 1,
    canaryError: "no route",
    canaryNotBefore: "2026-11-24T10:00:20.000Z",
    releasedAt: null,
    releasedBy: null,
  };
  const braked: NodeView = { ...node, name: "n2", state: "online", brake };
  const brakedIn: PoolCondition = {
    type: "Degraded",
    status: true,
    reason: "Braked",
    message: "3 of 4 machines of node n2 died at once. Also: NodeSilent, AccessCut",
    since: "2026-11-24T09:55:00.000Z",
  };
  const pools = [
    aPool({ conditions: silentIn("1 ready") }),
    aPool({ name: "other", conditions: [...silentIn("2 being made").slice(0, 1), brakedIn] }),
  ];
  const words = page({ pools, nodes: [node, braked] }).join(" ");
  expect(words.match(/last heard/g)).toHaveLength(1);
  expect(words.match(/died at once/g)).toHaveLength(1);
  expect(words).toContain(
    "n2: 3 of 4 machines died at once 5m ago (refused), so none of them is torn down, and only a canary is created there. The last canary failed: no route; the next is due in 20s. Look at the node's network and relay; if the machines really are dead, run `npx warmpool node lift n2`.",
  );
  // What the pool's message only named behind that is no node's to say, and nothing says since when it is so.
  expect(words).toContain("other: A person has ended the access to a tester's machine");
  expect(words).toContain("(AccessCut)");
});

test("a token that does not see nodes → each problem once as well, with commands and times as everywhere", () => {
  const pools = [
    aPool({ conditions: silentIn("1 ready") }),
    aPool({ name: "other", conditions: silentIn("1 ready") }),
  ];
  const words = page({ pools }).join(" ");
  expect(words).toContain(
    "demo, other: node n1 was last heard 3m ago and holds machines of this pool: 1 ready.",
  );
  expect(words).toContain("run `npx warmpool node remove n1 --lost` (NodeSilent, 1m 30s ago)");
  expect(words.match(/last heard/g)).toHaveLength(1);
  expect(words).not.toMatch(/\dT\d\d:|`warmpool/);
});

test("conditions with one cause that began at different times → one sentence, with the age of the oldest", () => {
  const condition = { status: false, reason: "NoNode", message: "no enrolled node carries the label ssd" };
  const conditions: PoolCondition[] = [
    { ...condition, type: "Progressing", since: "2026-11-24T09:59:00.000Z" },
    { ...condition, type: "CapacityAvailable", since: "2026-11-24T09:00:00.000Z" },
  ];
  const words = page({ pools: [aPool({ conditions })] }).join(" ");
  expect(words.match(/no enrolled node/g)).toHaveLength(1);
  expect(words).toContain("(NoNode, 1h ago)");
});
