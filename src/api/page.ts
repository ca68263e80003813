import { tracked } from "@trpc/server";
import { pageExtendInput, pageKeysInput, pageWatchInput, type PageView } from "../contract/page.ts";
import { PAGE_ENDED } from "../domain/access/pages.ts";
import { addPageKeys, extendFromPage, readPage } from "../domain/assignments/page.ts";
import { releaseAssignment } from "../domain/assignments/release.ts";
import { WarmpoolError } from "../domain/core/errors.ts";
import { type Context, forPage, router } from "./trpc.ts";
import { watchAssignment } from "./watchAssignment.ts";

/** Once the machine is theirs little changes by itself, and people leave the page open. */
const ACTIVE_REST_MS = 5000;
const REST_MS = 1000;

/** The procedures of a tester's own page, each for the one assignment of its link. */
export const pageRouter = router({
  get: forPage.query(({ ctx }) => shown(ctx)),

  watch: forPage.input(pageWatchInput).subscription(async function* ({ ctx, input, signal }) {
    const stream = watchAssignment(
      ctx,
      input.lastEventId,
      signal,
      () => shown(ctx),
      ({ state }) => state === "released",
      ({ state, keysPending }) => (state === "active" && !keysPending ? ACTIVE_REST_MS : REST_MS),
    );
    for await (const { id, data } of stream) yield tracked(id, data);
  }),

  addKeys: forPage.input(pageKeysInput).mutation(async ({ ctx, input }) => {
    await addPageKeys(ctx.connection.db, ctx.assignment, input.sshKeys, ctx.actor);
    return shown(ctx);
  }),

  extend: forPage.input(pageExtendInput).mutation(async ({ ctx, input }) => {
    await extendFromPage(ctx.connection.db, ctx.assignment, input.ttlSeconds, ctx.actor);
    return shown(ctx);
  }),

  release: forPage.mutation(async ({ ctx }) => {
    await releaseAssignment(ctx.connection.db, ctx.assignment, ctx.actor, ctx.follow);
    return shown(ctx);
  }),
});

/** @throws WarmpoolError UNAUTHORIZED if a newer link was made in the meantime. */
async function shown(
  ctx: Pick<Context, "connection"> & { assignment: string; link: string },
): Promise<PageView> {
  const view = await readPage(ctx.connection, ctx.assignment, ctx.link);
  if (view === null) throw new WarmpoolError("UNAUTHORIZED", PAGE_ENDED);
  return view;
}
