import { type SQL, sql } from "drizzle-orm";
import type { OperationState } from "../../contract/operation.ts";
import { listOf } from "../../db/client.ts";
import { operationSources } from "./states.ts";

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

/** Moves the operations for which `when` is true: an `update` that a caller may end with `returning`. */
export function operationMove(when: SQL, move: OperationMove): SQL {
  const from = operationSources(move.to).filter((state) => move.from?.includes(state) ?? true);
  const entering = ENTERING[move.to];
  return sql`update operations set state = ${move.to}${entering ? sql`, ${entering}` : sql``}${move.set ? sql`, ${move.set}` : sql``}
    where (${when}) and state in (${listOf(from)})`;
}
