import { expect, test } from "vitest";
import { nodesCheck } from "../../../src/cli/doctor/node.ts";
import { poolsCheck } from "../../../src/cli/doctor/pool.ts";
import type { InstallationCheck } from "../../../src/contract/installation.ts";
import type { NodeView } from "../../../src/contract/node.ts";
import { aPool } from "../../client/samples.ts";

const moment = Date.parse("2026-11-25T10:00:00.000Z");
const SEEN: InstallationCheck = {
  installation: "i",
  caller: { role: "admin", name: "bootstrap" },
  clocks: { edge: "2026-11-25T10:00:00.000Z", database: "2026-11-25T10:00:00.000Z" },
  database: { version: "17.2", migrations: { applied: 1, latest: 1 } },
  secrets: { keys: 1, problem: null, pools: [], assignments: 0, unreadable: 0, older: 0, unknowable: 0 },
  nodes: [],
};

const BRAKED: NodeView = {
  name: "n1",
  state: "online",
  scheduling: "open",
  labels: [],
  concurrency: 2,
  silenceSeconds: 90,
  brake: {
    since: "2026-11-25T09:55:00.000Z",
    dead: 3,
    answered: 4,
    cause: "refused",
    canaryTries: 0,
    canaryError: null,
    canaryNotBefore: "2026-11-25T09:55:00.000Z",
    releasedAt: null,
    releasedBy: null,
  },
  orphans: [],
  orphanBrake: null,
  driverProblem: null,
  conditions: [],
  driver: "local",
  driverVersion: "1",
  relayVersion: "1",
  lastSeenAt: "2026-11-25T10:00:00.000Z",
  lastProbeAt: null,
  machines: 4,
  inventory: null,
  createdAt: "2026-11-24T09:00:00.000Z",
};

test("a pool at its maxSize → the fix mentions deletes only if some machines are being deleted", () => {
  const message = "the pool has all 6 machines that maxSize allows; release some or raise maxSize";
  const since = "2026-11-24T10:00:00.000Z";
  const full = [{ type: "Progressing" as const, status: false, reason: "AtMaxSize", message, since }];
  const { counts } = aPool();
  const [none] = poolsCheck([aPool({ conditions: full, claimable: 0 })]);
  expect(none?.fix).toBe("release testers, or raise maxSize");
  const [some] = poolsCheck([aPool({ conditions: full, claimable: 0, counts: { ...counts, deleting: 1 } })]);
  expect(some?.fix).toContain("`warmpool machine list --state deleting`");
});

test("a braked node → wrong once, as the node, and its pools are not", () => {
  const [node] = nodesCheck([BRAKED], SEEN, "1", moment);
  expect(node).toMatchObject({
    name: "node n1",
    state: "wrong",
    message: "it is braked: 3 of 4 machines died at once 5m ago (refused)",
  });
  const degraded = (reason: string, message: string) => [
    { type: "Degraded" as const, status: true, reason, message, since: "2026-11-24T10:00:00.000Z" },
  ];
  const found = poolsCheck([
    aPool({ conditions: degraded("Braked", "3 of 4 died. Also: DriverDown") }),
    aPool({ name: "other", conditions: degraded("Braked", "3 of 4 died. Also: AccessCut") }),
  ]);
  expect(found).toMatchObject([
    { name: "pool demo", state: "ok" },
    { name: "pool other", state: "wrong", message: expect.stringMatching(/^A person has ended the access/) },
  ]);
});
