/** Two ways of doing the same, timed in turns: A B A B …, so that a machine that slows down slows both. */
export type Comparison = { what: string; pairs: number; aMs: number; bMs: number; ratio: number };
export type Bench = (databaseUrl: string) => Promise<Comparison[]>;

/** Times `pairs` pairs after a warm-up of five; each call gets the number of its pair. */
export async function compare(
  what: string,
  pairs: number,
  a: (n: number) => Promise<unknown>,
  b: (n: number) => Promise<unknown>,
): Promise<Comparison> {
  const times: { a: number; b: number }[] = [];
  for (let n = 0; n < pairs + 5; n += 1)
    times.push({ a: await timed(() => a(n)), b: await timed(() => b(n)) });
  return summary(what, times.slice(5));
}

/** The medians of pairs that were timed in turns, in milliseconds. */
export function summary(what: string, times: readonly { a: number; b: number }[]): Comparison {
  return {
    what,
    pairs: times.length,
    aMs: median(times.map((pair) => pair.a)),
    bMs: median(times.map((pair) => pair.b)),
    ratio: median(times.map((pair) => pair.a / pair.b)),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(values: number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
