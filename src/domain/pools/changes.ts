import type { PoolSpec } from "../../contract/pool.ts";
import { canonical } from "../core/hash.ts";

/** The members that differ, as they were and as they are; a new pool was nothing before. */
export function changes(
  before: PoolSpec | undefined,
  after: PoolSpec,
): { before: object | null; after: object } {
  if (before === undefined) return { before: null, after };
  const changed = changedMembers(before, after);
  const only = (spec: PoolSpec) => Object.fromEntries(changed.map((key) => [key, spec[key] ?? null]));
  return { before: only(before), after: only(after) };
}

/** The fields of the spec that differ; all of them if the pool is new. */
export function changedMembers(before: PoolSpec | undefined, after: PoolSpec): (keyof PoolSpec)[] {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])] as (keyof PoolSpec)[];
  return keys.filter((key) => canonical(before?.[key] ?? null) !== canonical(after[key] ?? null));
}
