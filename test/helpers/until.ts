import { setTimeout as delay } from "node:timers/promises";
import { Patience } from "./patience.ts";

const LONGEST_PAUSE_MS = 250;

/**
 * Polls until `look` gives something other than null, undefined or false, and gives that. A test waits for a
 * condition this way, never for a time.
 * @param what completes "waited N s for …" in the error of a missed deadline
 * @throws Error at the deadline (default 30 s of a quiet machine), with the last error that `look` threw as its cause
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { seconds = 30, everyMs = 20 }: { seconds?: number; everyMs?: number } = {},
): Promise<Exclude<T, null | undefined | false>> {
  const patience = new Patience(seconds);
  const startedAt = performance.now();
  let lateMs = 0;
  let cause: unknown;
  for (;;) {
    const lookedAt = performance.now();
    try {
      const seen = await look();
      if (isSomething(seen)) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (patience.isOver(lateMs)) throw new Error(`waited ${patience.words} for ${what}`, { cause });
    const askedAt = performance.now();
    const pauseMs = pauseAfter(askedAt - lookedAt, askedAt - startedAt, everyMs);
    await delay(pauseMs);
    lateMs = Math.max(0, performance.now() - askedAt - pauseMs);
  }
}

/**
 * Looking leaves the CPU to what is waited for: a look that takes long (a login to a machine) or that has been in vain
 * for long comes more rarely.
 */
function pauseAfter(lookMs: number, waitedMs: number, everyMs: number): number {
  return Math.max(everyMs, Math.min(LONGEST_PAUSE_MS, Math.max(3 * lookMs, waitedMs / 10)));
}

function isSomething<T>(seen: T): seen is Exclude<T, null | undefined | false> {
  return seen !== null && seen !== undefined && seen !== false;
}
