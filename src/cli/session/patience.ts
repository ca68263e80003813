import { setTimeout as delay } from "node:timers/promises";
import { errorCode, isWarmpoolError } from "../../client/index.ts";
import { NOT_MIGRATED } from "../../contract/schema.ts";
import { outageText } from "./outage.ts";

/** How long a verb that watches something goes on trying while Warmpool cannot be reached. */
export const PATIENCE_SECONDS = 60;
const BETWEEN_MS = 1000;

/** Whether trying again may help: no answer at all, or one that says "not now". */
export function isPassing(error: unknown): boolean {
  const code = errorCode(error);
  // That ends when a person has migrated it, not by itself.
  if (isWarmpoolError(error) && error.message === NOT_MIGRATED) return false;
  return isWarmpoolError(error) && (code === null || code === "UNAVAILABLE" || code === "RATE_LIMITED");
}

/**
 * Repeats a call that only reads until it is answered, and notes what does not respond, again when that changes.
 * @throws the call's own error where that is final, or the last one after PATIENCE_SECONDS.
 */
export async function patiently<T>(
  { url, note }: { url: string; note: (text: string) => void },
  call: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  let noted = "";
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || performance.now() - started > PATIENCE_SECONDS * 1000) throw error;
      const why = await outageText(error, url);
      if (why !== noted) note(`${why}; retrying.`);
      noted = why;
    }
    await delay(BETWEEN_MS);
  }
}
