import { type SQL, sql } from "drizzle-orm";
import type { PoolSpec } from "../../contract/pool.ts";
import { SPEC_DEFAULTS } from "../../contract/specDefaults.ts";

/**
 * A pool's spec as statements read it. A stored one may be older than some of its fields, and what it lacks has the
 * field's default. So nothing reads the column but by these fragments. `pool` is the alias of the pool's row. The texts
 * have no parameters: all that is put into them is written in the contract.
 */
const POOL = sql`p`;

/** The whole spec, as jsonb. */
export function specOf(pool: SQL = POOL): SQL {
  return sql`(${sql.raw(quoted(JSON.stringify(SPEC_DEFAULTS)))}::jsonb || ${pool}.spec)`;
}

/** One field, as jsonb; null if it was left out and has no default. So in the other forms. */
export function specField(name: keyof PoolSpec, pool: SQL = POOL): SQL {
  return orDefault(name, sql`${pool}.spec -> ${key(name)}`, (value) => JSON.stringify(value));
}

/** One field, as text. */
export function specText(name: keyof PoolSpec, pool: SQL = POOL): SQL {
  return orDefault(name, sql`${pool}.spec ->> ${key(name)}`, String);
}

/** One field that is a whole number. */
export function specNumber(name: keyof PoolSpec, pool: SQL = POOL): SQL {
  return sql`${specText(name, pool)}::int`;
}

function orDefault(name: keyof PoolSpec, stored: SQL, write: (value: unknown) => string): SQL {
  const missing = new Map<string, unknown>(Object.entries(SPEC_DEFAULTS)).get(name);
  return missing === undefined
    ? sql`(${stored})`
    : sql`coalesce(${stored}, ${sql.raw(quoted(write(missing)))})`;
}

function key(name: keyof PoolSpec): SQL {
  return sql.raw(quoted(name));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
