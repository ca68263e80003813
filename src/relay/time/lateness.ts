import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { loopDelay } from "./loopDelay.ts";

/**
 * What waits for others have to know of this process. A machine that did not answer in time is only known to be dead if
 * this relay had the time to ask and to read the answer: while its event loop was blocked (loopDelay.ts), or the host gave
 * it no processor, it could not.
 */
/** A wait is never prolonged beyond so many times what was asked for. */
const MOST_TIMES = 5;
/** So much of a wait must have been lost, and so many milliseconds, before the wait says nothing. */
const LOST_SHARE = 1 / 3;
const LOST_MS = 200;
/** So many programs that want to run for each processor leave none of them enough. */
const CROWDED = 10;

/**
 * Calls `act` once this process has been able to react for `ms` milliseconds: time in which its event loop was blocked
 * does not count, up to four times `ms`. So an answer that arrived while it was blocked is read before `act` runs.
 * @returns calls it off
 */
export function afterServed(ms: number, act: () => void): () => void {
  const before = loopDelay.lateMs;
  let granted = 0;
  const due = (): void => {
    const more = Math.min(loopDelay.lateMs - before, ms * (MOST_TIMES - 1)) - granted;
    if (more < 1) return act();
    granted += more;
    timer = setTimeout(due, more);
  };
  let timer = setTimeout(due, ms);
  return () => clearTimeout(timer);
}

/** What a wait of this process was disturbed by. */
export type Disturbances = {
  /** How long it was, and how much of it the event loop was late or the process waited for a processor. */
  elapsedMs: number;
  lateMs: number;
  /**
   * Programs that wanted to run, for each processor, about a minute's mean: of a whole wait a moment's number, which
   * fairTime.ts also goes by, says nothing.
   */
  load: number;
};

/** Begins to watch; call what it returns when the wait is over. */
export function watchSelf(): () => Disturbances {
  const [at, lostBefore, queuedBefore] = [performance.now(), loopDelay.lateMs, queuedMs()];
  return () => ({
    elapsedMs: performance.now() - at,
    lateMs: Math.max(loopDelay.lateMs - lostBefore, queuedMs() - queuedBefore),
    load: (loadavg()[0] ?? 0) / availableParallelism(),
  });
}

/** Why a wait that ended without an answer says nothing about who was asked; null if it does. */
export function ownSlowness({ elapsedMs, lateMs, load }: Disturbances): string | null {
  if (lateMs >= LOST_MS && lateMs >= elapsedMs * LOST_SHARE) {
    return `this relay was delayed by ${(lateMs / 1000).toFixed(1)} s in ${(elapsedMs / 1000).toFixed(1)} s: it or its host is overloaded`;
  }
  if (load >= CROWDED) {
    return `this host is overloaded: ${load.toFixed(0)} runnable processes for each processor`;
  }
  return null;
}

/** How long the kernel has let this process's main thread wait for a processor; 0 if it does not say. */
function queuedMs(): number {
  try {
    const [, waited = "0"] = readFileSync("/proc/self/schedstat", "utf8").split(" ");
    return Number(waited) / 1e6;
  } catch {
    return 0;
  }
}
