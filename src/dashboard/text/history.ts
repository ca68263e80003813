import type { PoolHistory } from "../../contract/history.ts";

/** Numbers over time. Pure. */
export type Claims = { warm: number; waited: number; missed: number };

/** The claims of the whole time. */
export function claimsOf({ claims }: PoolHistory): Claims {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return { warm: sum(claims.warm), waited: sum(claims.waited), missed: sum(claims.missed) };
}

/** Columns stacked on each other: the first is the highest, as uPlot draws areas from behind. */
export function stacked(columns: readonly (readonly number[])[]): number[][] {
  return columns.map((_, at) =>
    (columns[0] ?? []).map((_value, moment) =>
      columns.slice(at).reduce((sum, column) => sum + (column[moment] ?? 0), 0),
    ),
  );
}

/** Moments as seconds since 1970, as uPlot wants them. */
export function secondsOf(at: readonly string[]): number[] {
  return at.map((moment) => Date.parse(moment) / 1000);
}
