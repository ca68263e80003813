import type { Assignment } from "../contract/assignment.ts";
import { WarmpoolError } from "../domain/core/errors.ts";
import { toTrpcError } from "./failures.ts";
import { pause } from "./pause.ts";
import { TOO_MANY_STREAMS } from "./streams.ts";
import type { Context } from "./trpc.ts";

/** At most one query per second and watcher. */
const WATCH_MS = 1000;

type Shown = Pick<Assignment, "setup" | "queue">;

/**
 * What a look shows, whenever that changes, until it is over. Each item's id is a mark of what it shows.
 * @param lastEventId what the caller saw last, where they come back
 * @param restMs how long it takes until there can be something new; a second if left out
 * @throws TRPCError RATE_LIMITED where the caller has too many streams open.
 */
export async function* watchAssignment<View extends Shown>(
  ctx: Pick<Context, "openStream" | "requestId">,
  lastEventId: string | null | undefined,
  signal: AbortSignal | undefined,
  look: () => Promise<View>,
  isOver: (view: View) => boolean,
  restMs: (view: View) => number = () => WATCH_MS,
): AsyncGenerator<{ id: string; data: View }, void> {
  const place = ctx.openStream();
  if (place === null) throw toTrpcError(new WarmpoolError("RATE_LIMITED", TOO_MANY_STREAMS), ctx.requestId);
  try {
    // Whoever comes back is shown what there is, changed or not: only that says that somebody here still knows.
    let shown = "";
    // Their last look was a moment ago, and they wait for the next one as if they had stayed: however often a
    // connection breaks, or a client opens another, the database is asked no more often.
    if ((lastEventId ?? "") !== "") await pause(WATCH_MS, signal);
    while (signal?.aborted !== true) {
      place.beat();
      const view = await look();
      const fingerprint = changeOf(view);
      if (fingerprint !== shown) yield { id: fingerprint, data: view };
      shown = fingerprint;
      if (isOver(view)) return;
      await pause(restMs(view), signal);
    }
  } finally {
    place.end();
  }
}

/** Changes with everything a watcher sees but the estimates, which move all the time by themselves. */
function changeOf({ setup, queue, ...rest }: Shown): string {
  const seen = JSON.stringify([rest, setup && { ...setup, etaSeconds: null }, queue?.position]);
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(seen))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
}
