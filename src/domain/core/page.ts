import type { Page } from "../../contract/assignment.ts";
import { WarmpoolError } from "./errors.ts";

/** One page of `limit + 1` rows, and the start of the next one. */
export function page<T extends { cursor: number }>(found: T[], limit: number): Page<Omit<T, "cursor">> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ cursor: _, ...item }) => item),
    nextCursor: found.length > limit && last !== undefined ? String(last.cursor) : null,
  };
}

/** @throws WarmpoolError BAD_REQUEST for a cursor that this API never returned. */
export function parseCursor(cursor: string): number {
  const value = Number(cursor);
  if (!/^\d{1,15}$/.test(cursor))
    throw new WarmpoolError("BAD_REQUEST", "cursor: is not a cursor of this API");
  return value;
}
