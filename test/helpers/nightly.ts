import { test } from "vitest";

/** Whether this is the nightly run: `.ci/nightly` sets WARMPOOL_TEST_NIGHTLY=1. */
export const isNight = process.env["WARMPOOL_TEST_NIGHTLY"] === "1";

/**
 * Pairs of everything with everything: at night all of them, in every other run so many that each of both is in one.
 */
export function pairsOf<A, B>(ones: readonly A[], others: readonly B[]): [A, B][] {
  const all = ones.flatMap((one, i) =>
    others.map((other, j) => ({
      pair: [one, other] as [A, B],
      onDiagonal: i % others.length === j % ones.length,
    })),
  );
  return all.filter(({ onDiagonal }) => isNight || onDiagonal).map(({ pair }) => pair);
}

/** Each n-th of many cases of one kind, the first among them; at night all of them. */
export function oneIn<T>(n: number, all: readonly T[]): readonly T[] {
  return all.filter((_, index) => isNight || index % n === 0);
}

/** What a test does again with other seeds, runs or runtimes: at night all of it, in every other run the first. */
export function atNight<T>(all: readonly T[]): readonly T[] {
  return isNight ? all : all.slice(0, 1);
}

/** A test of the night alone. By day it is not there, rather than skipped: of `npm run test:incus` nothing may be skipped. */
export function testOnlyAtNight(name: string, body: () => Promise<void>): void {
  if (isNight) test(name, body);
}
