import { type SQL, sql } from "drizzle-orm";
import type { AssignmentState } from "../../contract/assignment.ts";
import type { MachineState } from "../../contract/machine.ts";
import { listOf, rows } from "../../db/client.ts";
import { endsAfter, holdFailed } from "./expiry.ts";
import { assignmentSources, machineSources } from "./states.ts";
import { ASSIGNMENT_FOLLOWS, MACHINE_FOLLOWS } from "./follows.ts";
import { announcing } from "./announce.ts";
import { type Told, json } from "./event.ts";
import { type Change, touch, type Touched } from "./touched.ts";

/**
 * The only writers of `machines.state` and `assignments.state`. Each is a compare-and-set against the table of legal
 * moves, and the event of a move is written by the same statement: one cannot exist without the other. What follows the
 * move (follows.ts) is noted here too. Those of nodes and operations are in nodeMoves.ts and operationMoves.ts.
 */

export type MachineMove = Told & {
  to: MachineState;
  /** Restricts the legal source states further. */
  from?: readonly MachineState[];
  /** Columns that change with the state: `column = value, …`. */
  set?: SQL;
};

/** What every move to a state writes in addition to the state. */
const ENTERING: Partial<Record<MachineState, SQL>> = {
  ready: sql`phase = null, strikes = 0, suspect_since = null`,
  suspect: sql`suspect_since = now(), hold = null`,
  assigned: sql`suspect_since = null, strikes = 0, hold = null`,
  held: sql`suspect_since = null`,
  deleting: sql`phase = null, deleting_since = now(), suspect_since = null, hold = null`,
  deleted: sql`deleted_at = now()`,
};

/**
 * Common table expressions `moved` (the machines' rows, with `was`) and `moved_told`. `which` selects ids. Machines that
 * are not in a legal source state do not change and do not appear in `moved`.
 */
function machineMoves(which: SQL, move: MachineMove): SQL {
  const from = machineSources(move.to).filter((state) => move.from?.includes(state) ?? true);
  const entering = ENTERING[move.to];
  return sql`
    moving as (
      select id, state as was from machines where id in (${which}) and state in (${listOf(from)})
      order by id for no key update
    ),
    moved as (
      update machines set state = ${move.to}${entering ? sql`, ${entering}` : sql``}${move.set ? sql`, ${move.set}` : sql``}
      from moving where machines.id = moving.id
      returning machines.*, moving.was
    ),
    moved_told as (
      insert into events (kind, actor, reason, pool, node, machine, before, after, data)
      select 'machine', ${move.actor}, ${move.reason}, pool, node, id, was, state, ${json(move.data)} from moved
    )`;
}

export type MovedMachine = { id: string; name: string; pool: string | null; node: string; was: MachineState };

/** Moves the machines that `which` selects; returns those that were moved. */
export async function moveMachines(tx: Change, which: SQL, move: MachineMove): Promise<MovedMachine[]> {
  const moved = await rows<MovedMachine>(
    tx,
    sql`with ${machineMoves(which, move)} select id, name, pool, node, was from moved order by number`,
  );
  for (const machine of moved) touch(tx.touched, MACHINE_FOLLOWS[move.to], machine);
  return moved;
}

/**
 * The same for machines of one pool, as a part of the caller's statement: so a claim does several moves in one round trip.
 * What follows is noted before it is known whether one moves.
 */
export function machineMovesIn(touched: Touched, pool: string, which: SQL, move: MachineMove): SQL {
  touch(touched, MACHINE_FOLLOWS[move.to], { pool });
  return machineMoves(which, move);
}

export type AssignmentMove = Told & {
  to: AssignmentState;
  from?: readonly AssignmentState[];
  set?: SQL;
};

export type MovedAssignment = {
  id: string;
  pool: string;
  username: string;
  machine: string | null;
  was: AssignmentState;
};

/**
 * What every move of an assignment writes besides its state: when it ends by itself, and, of one that waits (again), that
 * it has no machine, and nothing that it had on its last one.
 */
const ENTERING_ASSIGNMENT: Partial<Record<AssignmentState, SQL>> = {
  waiting: sql`machine = null, step = null, claimed_at = null, setup_at = null, logged_in_at = null, outputs = '{}',
    handover = null, error = null, active_at = null, failed_at = null, expires_at = null, warn_at = null`,
  setting_up: sql`failed_at = null, expires_at = null, warn_at = null`,
  active: endsAfter(sql`now()`, sql`ttl_seconds`),
  failed: sql`failed_at = now(), ${endsAfter(sql`now()`, holdFailed)}`,
  released: sql`warn_at = null`,
};

/** Moves the assignments that `which` selects; returns those that were moved, with the machine they now have. */
export async function moveAssignments(
  tx: Change,
  which: SQL,
  move: AssignmentMove,
): Promise<MovedAssignment[]> {
  const entering = ENTERING_ASSIGNMENT[move.to];
  const from = assignmentSources(move.to).filter((state) => move.from?.includes(state) ?? true);
  const moved = await rows<MovedAssignment>(
    tx,
    sql`with moving as (
      select id, state as was from assignments where id in (${which}) and state in (${listOf(from)})
      order by seq for no key update
    ),
    moved as (
      update assignments set state = ${move.to}${entering ? sql`, ${entering}` : sql``}${move.set ? sql`, ${move.set}` : sql``}
      from moving where assignments.id = moving.id
      returning assignments.*, moving.was
    ),
    moved_told as (
      insert into events (kind, actor, reason, pool, machine, assignment, before, after, data)
      select 'assignment', ${move.actor}, ${move.reason}, pool, machine, id, was, state, ${json(move.data)} from moved
    )${announcing(move.to)}
    select id, pool, username, machine, was from moved order by seq`,
  );
  for (const { pool } of moved) touch(tx.touched, ASSIGNMENT_FOLLOWS[move.to], { pool });
  return moved;
}
