import { type Line, remaining } from "../../../../src/domain/assignments/queue/forecast.ts";

type Due = { at: number; what: "create" | "delete" | "release"; isOurs: boolean };

/**
 * The forecast as it was first written, for lines of a few machines: at each step all that is due is sorted. What it
 * comes to is the meaning of src/domain/assignments/queue/forecast.ts.
 */
// oxlint-disable-next-line complexity -- the same loop as in forecast.ts
export function naiveArrivals(line: Line, count: number, quantile: number): number[] {
  if (line.halted || line.slots === 0) return [];
  const arrived: number[] = [];
  const due: Due[] = [];
  const queue = { delete: [] as boolean[], create: [] as boolean[] };
  const { creates, deletes, holds } = line.observed;
  let { room } = line;
  let busy = 0;
  let coming = 0;
  const soon = (one: Due) => {
    if (Number.isFinite(one.at)) due.push(one);
  };
  const takes = (kind: "create" | "delete", since: number) =>
    remaining(kind === "create" ? creates : deletes, since, quantile);

  for (const { kind, isOurs, seconds } of line.jobs) {
    if (kind === "create" && isOurs) coming += 1;
    if (seconds === null) queue[kind].push(isOurs);
    else {
      busy += 1;
      soon({ at: takes(kind, seconds), what: kind, isOurs });
    }
  }
  for (const { seconds, expiresIn } of line.held) {
    const usual = remaining(holds, seconds, quantile);
    soon({ at: Math.max(0, Math.min(usual, expiresIn ?? usual)), what: "release", isOurs: true });
  }

  let now = 0;
  for (;;) {
    while (room > 0 && coming < line.targetSize + line.waiting - arrived.length) {
      queue.create.push(true);
      room -= 1;
      coming += 1;
    }
    while (busy < line.slots && queue.delete.length + queue.create.length > 0) {
      const kind = queue.delete.length > 0 ? "delete" : "create";
      soon({ at: now + takes(kind, 0), what: kind, isOurs: queue[kind].shift() === true });
      busy += 1;
    }
    const next = due.toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined || arrived.length >= count) return arrived;
    due.splice(due.indexOf(next), 1);
    now = next.at;
    if (next.what === "release") queue.delete.push(true);
    else {
      busy -= 1;
      if (next.isOurs && next.what === "delete") room += 1;
      if (next.isOurs && next.what === "create") {
        coming -= 1;
        arrived.push(now);
        soon({ at: now + remaining(holds, 0, quantile), what: "release", isOurs: true });
      }
    }
  }
}
