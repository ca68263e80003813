import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { ASSIGNMENT_STATES } from "../../../src/contract/assignment.ts";
import { MACHINE_STATES } from "../../../src/contract/machine.ts";
import { keysOf } from "../../../src/contract/keysOf.ts";
import { OPERATION_STATES } from "../../../src/contract/operation.ts";
import type { Db } from "../../../src/db/client.ts";
import {
  ASSIGNMENT_FOLLOWS,
  CREATE_FOLLOWS,
  type Follower,
  MACHINE_FOLLOWS,
  NODE_FOLLOWS,
} from "../../../src/domain/core/follows.ts";
import { machineMovesIn, moveAssignments, moveMachines } from "../../../src/domain/core/moves.ts";
import { moveNodes } from "../../../src/domain/core/nodeMoves.ts";
import { moveOperations } from "../../../src/domain/core/operationMoves.ts";
import { NODE_MOVES } from "../../../src/domain/core/states.ts";
import {
  type Change,
  isTouched,
  nothingTouched,
  touch,
  type Touched,
} from "../../../src/domain/core/touched.ts";
import { ADMIN } from "../../helpers/world.ts";

const NODE_STATES = keysOf(NODE_MOVES);
const ALL = sql`select id`;
const why = { actor: ADMIN, reason: "asked_for" } as const;

/** A transaction whose every statement moves this one row. */
function moving(kind = "create"): Change {
  const row = { id: "1", name: "n1", pool: "demo", node: "n1", kind, machine: "1", unbegun: true };
  return { execute: () => Promise.resolve([row]), touched: nothingTouched() } as unknown as Change;
}

/** Those of the followers that were noted, for the pool `demo` and the node `n1`. */
function noted({ deletes, nodes, matches, refills, everyPool }: Touched): Follower[] {
  const all: [Follower, boolean][] = [
    ["delete", deletes],
    ["probe", nodes.has("n1")],
    ["match", matches.has("demo")],
    ["refill", refills.has("demo")],
    ["every pool", everyPool],
  ];
  return all.filter(([, is]) => is).map(([follower]) => follower);
}

const inOrder = (followers: readonly Follower[]) => followers.toSorted();

test.each(MACHINE_STATES)("a machine moved to %s → its followers are noted, by either writer", async (to) => {
  const tx = moving();
  await moveMachines(tx, ALL, { ...why, to });
  expect(inOrder(noted(tx.touched))).toEqual(inOrder(MACHINE_FOLLOWS[to]));

  const touched = nothingTouched();
  machineMovesIn(touched, "demo", ALL, { ...why, to });
  expect(inOrder(noted(touched))).toEqual(inOrder(MACHINE_FOLLOWS[to]));
});

test.each(ASSIGNMENT_STATES)("an assignment moved to %s → its followers are noted", async (to) => {
  const tx = moving();
  await moveAssignments(tx, ALL, { ...why, to });
  expect(inOrder(noted(tx.touched))).toEqual(inOrder(ASSIGNMENT_FOLLOWS[to]));
});

test.each(NODE_STATES)("a node moved to %s → its followers are noted", async (to) => {
  const tx = moving();
  await moveNodes(tx, sql`true`, { ...why, to });
  expect(inOrder(noted(tx.touched))).toEqual(inOrder(NODE_FOLLOWS[to]));
});

test.each(keysOf(OPERATION_STATES))(
  "an operation moved to %s → a create's followers alone are noted",
  async (to) => {
    const tx = moving("create");
    await moveOperations(tx, sql`true`, { to });
    expect(inOrder(noted(tx.touched))).toEqual(inOrder(CREATE_FOLLOWS[to]));

    const other = moving("probe");
    await moveOperations(other, sql`true`, { to });
    expect(noted(other.touched)).toEqual([]);
  },
);

test("what follows: every state that testers or pools wait for has its follower", () => {
  expect(MACHINE_FOLLOWS.ready).toContain("match");
  expect(MACHINE_FOLLOWS.deleting).toContain("delete");
  expect(ASSIGNMENT_FOLLOWS.waiting).toContain("match");
  expect(NODE_FOLLOWS.returning).toContain("probe");
  expect(NODE_FOLLOWS.online).toContain("every pool");
  for (const ended of ["succeeded", "failed", "cancelled"] as const)
    expect(CREATE_FOLLOWS[ended]).toContain("delete");
  for (const to of MACHINE_STATES.filter((state) => state !== "provisioning"))
    expect(MACHINE_FOLLOWS[to], to).toContain("refill");
});

test("touch: an orphan, which has no pool → nothing follows but its delete", () => {
  const touched = nothingTouched();
  touch(touched, ["match", "refill"], { pool: null });
  expect(isTouched(touched)).toBe(false);
  touch(touched, MACHINE_FOLLOWS.deleting, { pool: null });
  expect(isTouched(touched)).toBe(false);
  expect(touched.deletes).toBe(true);
});

/** Never called: the compiler reads it. A transaction that notes nothing cannot move anything. */
export async function doesNotCompile(db: Db): Promise<void> {
  // @ts-expect-error it is no Change
  await moveMachines(db, ALL, { ...why, to: "held" });
  // @ts-expect-error it is no Change
  await moveAssignments(db, ALL, { ...why, to: "active" });
  // @ts-expect-error it is no Change
  await moveNodes(db, ALL, { ...why, to: "online" });
  // @ts-expect-error it is no Change
  await moveOperations(db, ALL, { to: "queued" });
}
