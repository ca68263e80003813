import { distances, type Read } from "./graph.ts";

/** About how many seconds of a processor a file of tests takes, by what it needs. */
const SECONDS: Record<string, number> = { db: 3, edge: 10, machines: 15 };
/** What the minute has left for them beside the checks and the tests that need nothing, on two cores. */
const ROOM = 30;

/** What a file of tests needs, by its name: `X.db.test.ts` a database, `X.test.ts` nothing, which is `pure`. */
export function needOf(test: string): string {
  return /\.(\w+)\.test\.ts$/.exec(test)?.[1] ?? "pure";
}

/**
 * The tests that need more than this checkout and reach a file that has changed: the nearest first, as many as there is
 * room for, and those that are left. Nearest are a changed file's namesakes (of src/domain/operations/lease.ts the tests
 * test/domain/operations/lease.db.test.ts), then those that are the fewest imports away; of these the ones in the same folder, and
 * then the cheapest.
 */
export function touched(
  tests: readonly string[],
  changed: ReadonlySet<string>,
  read: Read,
): { chosen: string[]; left: string[] } {
  const subjects = new Set([...changed].map(subjectOf));
  const folders = new Set([...subjects].map(folderOf));
  const near = tests
    .filter((test) => needOf(test) !== "pure")
    .map((test) => {
      const subject = subjectOf(test);
      const away = nearest(distances(test, read), changed);
      const isNamesake = subjects.has(subject) && away < Infinity;
      const cost = SECONDS[needOf(test)] ?? ROOM;
      return { test, away: isNamesake ? 0 : away, elsewhere: folders.has(folderOf(subject)) ? 0 : 1, cost };
    })
    .filter(({ away }) => away < Infinity)
    .toSorted(
      (one, other) =>
        one.away - other.away ||
        one.elsewhere - other.elsewhere ||
        one.cost - other.cost ||
        one.test.localeCompare(other.test),
    );
  const chosen: string[] = [];
  const left: string[] = [];
  let taken = 0;
  for (const { test, cost } of near) {
    const fits = taken + cost <= ROOM || chosen.length === 0;
    if (fits) taken += cost;
    (fits ? chosen : left).push(test);
  }
  return { chosen, left };
}

/** `domain/operations/lease` of src/domain/operations/lease.ts and of test/domain/operations/lease.db.test.ts. */
function subjectOf(path: string): string {
  return path.replace(/^(src|test)\//, "").replace(/(\.\w+)?(\.test)?\.ts$/, "");
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function nearest(reached: ReadonlyMap<string, number>, changed: ReadonlySet<string>): number {
  return Math.min(...[...reached].filter(([path]) => changed.has(path)).map(([, away]) => away), Infinity);
}
