import { z } from "zod";

/** What a trace of Chromium says of a page's main thread. Pure. */

export const CATEGORIES = ["blink.user_timing", "devtools.timeline", "disabled-by-default-devtools.timeline"];

const traceEvent = z.looseObject({
  name: z.string(),
  pid: z.int(),
  tid: z.int(),
  ts: z.number().default(0),
  /** Microseconds of the clock, and of the processor's time that the thread got. */
  dur: z.number().default(0),
  tdur: z.number().optional(),
});
export const trace = z.looseObject({ traceEvents: z.array(traceEvent) });
type Trace = z.infer<typeof trace>;
type TraceEvent = z.infer<typeof traceEvent>;

/** One update of a page: all that its main thread has done for it, and the most that it has done for one frame. */
export type Update = { allMs: number; frameMs: number };

/**
 * The updates between the marks that the page was given, in turn; what follows the last mark is none. Work is the
 * processor's time: what other processes take from it on a busy machine is not the page's.
 */
export function updatesOf({ traceEvents }: Trace, mark: string): Update[] {
  const marks = traceEvents.filter(({ name }) => name === mark).toSorted((one, other) => one.ts - other.ts);
  const [first] = marks;
  if (first === undefined) throw new Error(`the trace has no mark named ${mark}`);
  const onMain = traceEvents
    .filter(({ pid, tid }) => pid === first.pid && tid === first.tid)
    .toSorted((one, other) => one.ts - other.ts);
  const tasks = onMain.filter(({ name }) => name === "RunTask");
  const frames = onMain.filter(({ name }) => name === "Commit").map(({ ts }) => ts);
  return marks.slice(0, -1).map(({ ts }, at) => {
    const until = marks[at + 1]?.ts ?? ts;
    const own = tasks.filter((task) => task.ts >= ts && task.ts < until);
    return { allMs: sumMs(own), frameMs: Math.max(0, ...byFrame(own, frames).map(sumMs)) };
  });
}

/** Tasks by the frame that shows what they did: the first that is committed in them or after them. */
function byFrame(tasks: readonly TraceEvent[], frames: readonly number[]): TraceEvent[][] {
  return [
    ...Map.groupBy(
      tasks,
      ({ ts, dur }) =>
        frames.find((frame) => frame >= ts && frame <= ts + dur) ?? frames.find((frame) => frame > ts),
    ).values(),
  ];
}

function sumMs(tasks: readonly TraceEvent[]): number {
  return tasks.reduce((sum, { dur, tdur }) => sum + (tdur ?? dur), 0) / 1000;
}

/** The value that 95 % of them do not exceed. */
export function p95(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}
