import { setTimeout as delay } from "node:timers/promises";
import { fairNow } from "../relay/time/fairTime.ts";
import { errorCode, isWarmpoolError } from "../client/index.ts";

const EVERY_MS = 300;

/**
 * Does `attempt` again for as long as the edge cannot be asked: a part of the stack may just be started again.
 * @throws what `attempt` threw where the edge did answer, or its last error at the deadline; `signal`'s reason.
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  seconds: number,
  signal: AbortSignal,
): Promise<T> {
  const deadline = fairNow() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutOfReach(error) || fairNow() >= deadline) throw error;
    }
    await delay(EVERY_MS, undefined, { signal });
  }
}

function isOutOfReach(error: unknown): boolean {
  if (!isWarmpoolError(error)) return false;
  const code = errorCode(error);
  return code === null || code === "UNAVAILABLE";
}
