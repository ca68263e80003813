import { type SQL, sql } from "drizzle-orm";
import type { OperationKind, OperationState } from "../../contract/operation.ts";
import { listOf, rows } from "../../db/client.ts";
import { CREATE_FOLLOWS } from "./follows.ts";
import { operationSources } from "./states.ts";
import { type Change, touch } from "./touched.ts";

/**
 * The only writer of `operations.state`; each operation begins as `queued`, which is the column's default. A
 * compare-and-set against the table of legal moves. A move writes no event: there are thousands a day, and what an
 * operation has done is an event of its machine, assignment or node.
 */
export type OperationMove = {
  to: OperationState;
  /** Restricts the legal source states further. */
  from?: readonly OperationState[];
  /** Columns that change with the state: `column = value, …`. */
  set?: SQL;
};

const ENDED = sql`finished_at = now()`;

/** What every move to a state writes in addition to the state. */
const ENTERING: Partial<Record<OperationState, SQL>> = {
  queued: sql`session = null, lease_until = null`,
  succeeded: ENDED,
  failed: ENDED,
  cancelled: ENDED,
};

export type MovedOperation = { id: string; kind: OperationKind; machine: string | null; unbegun: boolean };

/** Moves the operations for which `when` is true; returns those that did move, `unbegun` where no relay ever had it. */
export async function moveOperations(tx: Change, when: SQL, move: OperationMove): Promise<MovedOperation[]> {
  const moved = await rows<MovedOperation>(
    tx,
    sql`${operationMove(when, move)} returning id, kind, machine, first_leased_at is null as unbegun`,
  );
  if (moved.some(({ kind }) => kind === "create")) touch(tx.touched, CREATE_FOLLOWS[move.to]);
  return moved;
}

/** Leases them: an `update` that is a part of the caller's statement, for nothing follows a lease. */
export function operationLeases(when: SQL, set: SQL): SQL {
  return operationMove(when, { to: "leased", set });
}

function operationMove(when: SQL, move: OperationMove): SQL {
  const from = operationSources(move.to).filter((state) => move.from?.includes(state) ?? true);
  const entering = ENTERING[move.to];
  return sql`update operations set state = ${move.to}${entering ? sql`, ${entering}` : sql``}${move.set ? sql`, ${move.set}` : sql``}
    where (${when}) and state in (${listOf(from)})`;
}
