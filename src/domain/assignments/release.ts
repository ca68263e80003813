import { type SQL, sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import { otherPoolsText } from "../../contract/otherPools.ts";
import { type Db, listOf, rows } from "../../db/client.ts";
import { readAssignments } from "./view.ts";
import type { Forecasts } from "./queue/forecasts.ts";
import { resolvePool } from "../core/whichPool.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockAssignments, lockWork } from "../core/locks.ts";
import { tearDown } from "../core/teardown.ts";
import { change, type Follow } from "../core/change.ts";
import { type AssignmentMove, moveAssignments, type MovedAssignment } from "../core/moves.ts";
import type { Change } from "../core/touched.ts";

/**
 * Ends assignments: the slot of the tester is free again, the machine goes down and never returns to the pool, and
 * params are forgotten. Access ends when the machine is stopped, the first thing its delete does.
 */
export async function endAssignments(
  tx: Change,
  which: SQL,
  why: Pick<AssignmentMove, "actor" | "reason" | "from">,
): Promise<MovedAssignment[]> {
  await lockWork(tx, sql`select machine from assignments where id in (${which})`);
  // What `which` asks of them may change while the lock is waited for: the next statement asks again.
  await lockAssignments(tx, which);
  const ended = await moveAssignments(tx, which, {
    ...why,
    to: "released",
    set: sql`released_at = now(), params = '{}', secrets = '{}', secret_marks = '{}', access_ended_at = case when machine is null then now() end`,
  });
  if (ended.length === 0) return ended;
  await tx.execute(sql`
    update testers t set assignment = null from assignments a
    where a.id in (${listOf(ended.map((row) => row.id))}) and t.pool = a.pool and t.username = a.username and t.assignment = a.id`);
  const machines = ended.flatMap((row) => (row.machine === null ? [] : [row.machine]));
  if (machines.length > 0) {
    await tearDown(tx, sql`select id from machines where id in (${listOf(machines)})`, {
      actor: why.actor,
      reason: why.reason,
    });
  }
  return ended;
}

/**
 * Releases the tester's live assignment; one that is released already is given back as it is.
 * @param follow activates what follows: at once, after the answer, or by the sweep
 * @throws WarmpoolError NOT_FOUND where the tester never had one.
 */
export async function release(
  db: Db,
  tester: { username: string; pool?: string | undefined },
  actor: AssignmentMove["actor"],
  follow: Follow,
): Promise<Assignment> {
  const { id } = await findTester(db, tester);
  return releaseAssignment(db, id, actor, follow);
}

/** The same by the assignment's id. @throws WarmpoolError NOT_FOUND. */
export async function releaseAssignment(
  db: Db,
  id: string,
  actor: AssignmentMove["actor"],
  follow: Follow,
): Promise<Assignment> {
  const why = { actor, reason: "released" } as const;
  await change(db, actor, follow, (tx) => endAssignments(tx, sql`select ${id}::uuid`, why));
  return getAssignment(db, id);
}

/** @throws WarmpoolError NOT_FOUND. */
export async function getAssignment(db: Db, id: string): Promise<Assignment> {
  const [found] = await readAssignments(db, sql`a.id = ${id}`, sql``);
  if (found === undefined) throw new WarmpoolError("NOT_FOUND", `there is no assignment with the id ${id}`);
  const { seq: _, ...assignment } = found;
  return assignment;
}

/**
 * The tester's live assignment, else the last one.
 * @throws WarmpoolError NOT_FOUND, or BAD_REQUEST where the pool has to be named.
 */
export async function findTester(
  db: Db,
  tester: { username: string; pool?: string | undefined },
  forecasts?: Forecasts,
): Promise<Assignment> {
  const pool = await resolvePool(db, tester.pool);
  try {
    return await findTesterIn(db, pool, tester.username, forecasts);
  } catch (error) {
    const others = tester.pool === undefined && isNotFound(error) ? await poolsOf(db, tester.username) : [];
    if (others.length === 0) throw error;
    throw new WarmpoolError("NOT_FOUND", otherPoolsText(tester.username, pool, others));
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof WarmpoolError && error.code === "NOT_FOUND";
}

/** The pools in which the tester has a live assignment. */
async function poolsOf(db: Db, username: string): Promise<string[]> {
  const found = await rows<{ pool: string }>(
    db,
    sql`select pool from testers where username = ${username} and assignment is not null order by pool limit 10`,
  );
  return found.map(({ pool }) => pool);
}

/** The same in the pool of that name, in one statement. @throws WarmpoolError NOT_FOUND. */
export async function findTesterIn(
  db: Db,
  pool: string,
  username: string,
  forecasts?: Forecasts,
): Promise<Assignment> {
  const [found] = await readAssignments(
    db,
    sql`a.pool = ${pool} and a.username = ${username}`,
    sql`order by a.seq desc limit 1`,
    forecasts,
  );
  if (found === undefined) {
    throw new WarmpoolError("NOT_FOUND", `${username} never had a machine of pool ${pool}`);
  }
  const { seq: _, ...assignment } = found;
  return assignment;
}
