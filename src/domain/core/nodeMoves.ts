import { type SQL, sql } from "drizzle-orm";
import { listOf, rows } from "../../db/client.ts";
import { type Told, json } from "./event.ts";
import { NODE_FOLLOWS } from "./follows.ts";
import { nodeSources, type NodeRowState } from "./states.ts";
import { type Change, touch } from "./touched.ts";

/**
 * The only writer of `nodes.state`, except that a new node's row starts in `enrolled`. A compare-and-set against
 * the table of legal moves, like those of machines and assignments (moves.ts), with its event in the same statement.
 */
export type NodeMove = Told & {
  to: NodeRowState;
  /** Restricts the legal source states further. */
  from?: readonly NodeRowState[];
  /** Columns that change with the state: `column = value, …`. */
  set?: SQL;
};

/** What every move to a state writes in addition to the state. */
const ENTERING: Partial<Record<NodeRowState, SQL>> = {
  returning: sql`session_at = now()`,
  removed: sql`scheduling = 'open', session = null, not_alive = '{}', listing = null, inventory = null, orphans = '{}',
    orphan_brake = null, concurrency = null, driver_concurrency = null, silence_seconds = null`,
};

/**
 * Moves the nodes for which `when` is true: a condition on a row of `nodes`, which is rechecked when the row is locked.
 * @returns the names of the moved nodes, in order.
 */
export async function moveNodes(tx: Change, when: SQL, move: NodeMove): Promise<string[]> {
  const from = nodeSources(move.to).filter((state) => move.from?.includes(state) ?? true);
  const entering = ENTERING[move.to];
  const moved = await rows<{ name: string }>(
    tx,
    sql`with moving as (
      select name, state as was from nodes where (${when}) and state in (${listOf(from)})
      order by name for no key update
    ),
    moved as (
      update nodes set state = ${move.to}${entering ? sql`, ${entering}` : sql``}${move.set ? sql`, ${move.set}` : sql``}
      from moving where nodes.name = moving.name
      returning nodes.name, nodes.state, moving.was
    ),
    moved_told as (
      insert into events (kind, actor, reason, node, before, after, data)
      select 'node', ${move.actor}, ${move.reason}, name, was, state, ${json(move.data)} from moved
    )
    select name from moved order by name`,
  );
  for (const { name } of moved) touch(tx.touched, NODE_FOLLOWS[move.to], { node: name });
  return moved.map(({ name }) => name);
}
