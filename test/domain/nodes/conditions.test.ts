import { expect, test } from "vitest";
import { NODE_CONDITIONS } from "../../../src/contract/nodeConditions.ts";
import type { NodeView } from "../../../src/contract/node.ts";
import { nodeConditions } from "../../../src/domain/nodes/conditions.ts";
import { problemsOf } from "../../../src/dashboard/text/status.ts";

const enrolled: NodeView = {
  name: "n1",
  state: "enrolled",
  scheduling: "open",
  labels: [],
  concurrency: 2,
  silenceSeconds: 90,
  brake: null,
  orphans: [],
  orphanBrake: null,
  driverProblem: null,
  conditions: [],
  driver: null,
  driverVersion: null,
  relayVersion: null,
  lastSeenAt: null,
  lastProbeAt: null,
  machines: 0,
  inventory: null,
  createdAt: "2026-11-24T09:00:00.000Z",
};

test("a node that no relay has joined → no condition is true, each says that nothing is known, one problem is shown", () => {
  const conditions = nodeConditions(enrolled);
  expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual(
    Object.keys(NODE_CONDITIONS).map((type) => [type, false, "NotJoined"]),
  );
  expect(conditions.map(({ message }) => message)).toEqual([
    "no relay has joined for n1",
    "not known: no relay has joined for n1",
    "not known: no relay has joined for n1",
  ]);
  expect(
    problemsOf({ pools: [], nodes: [{ ...enrolled, conditions }], duties: [], failed: [] }, () => "", 0),
  ).toHaveLength(1);
  const joined = nodeConditions({ ...enrolled, state: "online", lastSeenAt: enrolled.createdAt });
  expect(joined.every(({ status }) => status)).toBe(true);
});
