import { setTimeout as delay } from "node:timers/promises";
import type { WarmpoolClient } from "../../client/index.ts";
import { isAmiss } from "../../contract/amiss.ts";
import type { Assignment } from "../../contract/assignment.ts";
import type { PoolView } from "../../contract/pool.ts";
import { outageText } from "./outage.ts";
import { isPassing } from "./patience.ts";

/**
 * What the stream of an assignment does not carry: why its pool has no machine for it, and whether Warmpool can look
 * anything up at all. A stream whose database hangs is silent, like one on which nothing changes.
 */
export type Beside = {
  /** The API's words; null if the pool is not hindered, or if the token may not see it. */
  hindrance: string | null;
  /** What does not respond; null if the pool was read. */
  outage: string | null;
};

const EVERY_MS = 5000;
const LIMIT_MS = 5000;

/** Looks at the pool until the signal aborts. @returns `again`, which looks at once */
export function lookBeside(
  { client, url }: { client: WarmpoolClient; url: string },
  pool: string,
  { onLook, signal }: { onLook: (seen: Beside) => void; signal: AbortSignal },
): { again: () => void } {
  let hindrance: string | null = null;
  let nudge = new AbortController();
  const look = async (): Promise<Beside> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
    try {
      hindrance = hindranceOf(await client.pool.get.query({ name: pool }, { signal: limit }));
      return { hindrance, outage: null };
    } catch (error) {
      return { hindrance, outage: isPassing(error) ? await outageText(error, url, signal) : null };
    }
  };
  const looking = async () => {
    while (!signal.aborted) {
      const seen = await look();
      if (signal.aborted) return;
      onLook(seen);
      await delay(EVERY_MS, undefined, { signal: AbortSignal.any([signal, nudge.signal]) }).catch(() => {});
      nudge = new AbortController();
    }
  };
  void looking();
  return { again: () => nudge.abort() };
}

/** Why a tester waits, read once; null if they do not wait, or if nothing is known. */
export async function whyWaiting(
  client: WarmpoolClient,
  { state, pool }: Pick<Assignment, "state" | "pool">,
): Promise<string | null> {
  if (state !== "waiting") return null;
  return client.pool.get.query({ name: pool }).then(hindranceOf, () => null);
}

/** What keeps a pool from getting the machines that it lacks. */
function hindranceOf({ conditions }: Pick<PoolView, "conditions">): string | null {
  return (
    conditions.find((condition) => condition.type === "Progressing" && isAmiss(condition))?.message ?? null
  );
}
