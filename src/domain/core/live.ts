import { type SQL, sql } from "drizzle-orm";
import { MADE_STATES } from "./states.ts";

/**
 * Which rows are live, for all statements: each rule exists only here. `row` is the alias of the row's table; omit
 * it if the statement has no other table with that column, and in `on conflict`. The fragments have no
 * parameters, so that Postgres can match them with the partial indexes in src/db/tables.
 */
const column = (row: SQL | undefined, name: SQL) => (row === undefined ? name : sql`${row}.${name}`);

/** An operation that has not ended. A machine has at most one. */
export function isLiveOperation(row?: SQL): SQL {
  return sql`${column(row, sql`state`)} in ('queued', 'leased', 'cancelling')`;
}

/** A machine that is not proven gone: it uses capacity. */
export function isLiveMachine(row?: SQL): SQL {
  return sql`${column(row, sql`state`)} <> 'deleted'`;
}

/** A machine that was made and that nobody removes. */
export function isMade(row?: SQL): SQL {
  return sql`${column(row, sql`state`)} in (${sql.raw(MADE_STATES.map((state) => `'${state}'`).join(", "))})`;
}

/** An assignment that is not over: its tester has no other one in that pool, and its machine has no other tester. */
export function isLiveAssignment(row?: SQL): SQL {
  return sql`${column(row, sql`state`)} <> 'released'`;
}

/** A node that no admin has removed. */
export function isLiveNode(row?: SQL): SQL {
  return sql`${column(row, sql`state`)} <> 'removed'`;
}

/** A pool, or a version of a recipe, that no admin has removed. */
export function isNotRemoved(row?: SQL): SQL {
  return sql`${column(row, sql`removed_at`)} is null`;
}

/** The brake of that node is on: nothing of it is torn down, and only a canary is created on it. */
export function isBraked(node: SQL): SQL {
  return sql`exists (select 1 from brakes b where b.node = ${node} and ${isBrakeOn(sql`b`)})`;
}

/** A brake that is not released. The row of a released one stays until most machines respond again. */
export function isBrakeOn(row?: SQL): SQL {
  return sql`${column(row, sql`released_at`)} is null`;
}
