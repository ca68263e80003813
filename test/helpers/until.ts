import { setTimeout as delay } from "node:timers/promises";
import { Patience } from "./patience.ts";

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
  let lateMs = 0;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (isSomething(seen)) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (patience.isOver(lateMs)) throw new Error(`waited ${patience.words} for ${what}`, { cause });
    const askedAt = performance.now();
    await delay(everyMs);
    lateMs = Math.max(0, performance.now() - askedAt - everyMs);
  }
}

function isSomething<T>(seen: T): seen is Exclude<T, null | undefined | false> {
  return seen !== null && seen !== undefined && seen !== false;
}
