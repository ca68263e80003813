import { tracked } from "@trpc/server";
import { eventListInput, eventWatchInput, type EventNews } from "../contract/event.ts";
import { refusedAs } from "./credential.ts";
import { WarmpoolError } from "../domain/core/errors.ts";
import { listEvents } from "../domain/events/list.ts";
import { toTrpcError } from "./failures.ts";
import { pause } from "./pause.ts";
import { TOO_MANY_STREAMS } from "./streams.ts";
import { forAdmin, router } from "./trpc.ts";

const WATCH_MS = 1000;
/** So often something is sent though nothing has changed, for those who show how far behind they are. */
const QUIET_LOOKS = 5;

export const eventRouter = router({
  list: forAdmin.input(eventListInput).query(({ ctx, input }) => listEvents(ctx.connection.db, input)),

  /** What has changed, for a page that shows it: hints alone, from which it knows what to ask for again. */
  watch: forAdmin.input(eventWatchInput).subscription(async function* ({ ctx, input, signal }) {
    const place = ctx.openStream();
    if (place === null) throw toTrpcError(new WarmpoolError("RATE_LIMITED", TOO_MANY_STREAMS), ctx.requestId);
    try {
      const watcher = ctx.feed.join(input.lastEventId ?? null);
      let quiet = QUIET_LOOKS;
      while (signal?.aborted !== true) {
        place.beat();
        const news: EventNews = await watcher.next(ctx.connection.db);
        quiet += 1;
        if (news.reset || news.hints.length > 0 || quiet >= QUIET_LOOKS) {
          yield tracked(watcher.place(), news);
          quiet = 0;
        }
        // A token that was revoked, or one that it was signed in with, ends the stream and not only the next one.
        if (news.hints.some(({ kind }) => kind === "token") && !(await ctx.isStillKnown()))
          throw toTrpcError(new WarmpoolError("UNAUTHORIZED", refusedAs(ctx.credential)), ctx.requestId);
        await pause(WATCH_MS, signal);
      }
    } finally {
      place.end();
    }
  }),
});
