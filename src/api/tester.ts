import { tracked } from "@trpc/server";
import { sql } from "drizzle-orm";
import {
  assignInput,
  testerExtendInput,
  testerInput,
  testerListInput,
  testerLogInput,
  testerRetryInput,
  testerWatchInput,
} from "../contract/assignment.ts";
import type { Assignment } from "../contract/assignment.ts";
import { assign } from "../domain/assignments/assign.ts";
import { readAssignments } from "../domain/assignments/view.ts";
import { extendAssignment } from "../domain/assignments/extend.ts";
import { sharedForecasts } from "../domain/assignments/queue/forecasts.ts";
import { page, parseCursor } from "../domain/core/page.ts";
import { replenish } from "../domain/supply/applyPlan.ts";
import { findTester, findTesterIn, release } from "../domain/assignments/release.ts";
import { resolvePool } from "../domain/core/whichPool.ts";
import { retryAssignment } from "../domain/assignments/retry.ts";
import { readLog } from "../domain/assignments/setupLog.ts";
import { pause } from "./pause.ts";
import { forApp, router } from "./trpc.ts";
import { WarmpoolError } from "../domain/core/errors.ts";
import { toTrpcError } from "./failures.ts";
import { TOO_MANY_STREAMS } from "./streams.ts";

/** Once a second at most per watcher, one statement each time. */
const WATCH_MS = 1000;

export const testerRouter = router({
  assign: forApp.input(assignInput).mutation(async ({ ctx, input }) => {
    const result = await assign(ctx.connection, input, ctx.actor, ctx.secretKeys);
    if (result.created) ctx.after(() => replenish(ctx.connection.db, result.assignment.pool, ctx.actor));
    return result;
  }),

  status: forApp
    .input(testerInput)
    .query(({ ctx, input }) => findTester(ctx.connection.db, input, sharedForecasts(ctx.connection))),

  watch: forApp.input(testerWatchInput).subscription(async function* ({ ctx, input, signal }) {
    const { db } = ctx.connection;
    const ended = ctx.openStream();
    if (ended === null) throw toTrpcError(new WarmpoolError("RATE_LIMITED", TOO_MANY_STREAMS), ctx.requestId);
    try {
      // Whoever comes back is shown what there is, changed or not: only that says that somebody here still knows.
      let shown = "";
      // Their last look was a moment ago, and they wait for the next one as if they had stayed: however often a
      // connection breaks, or a client opens another, the database is asked no more often.
      if ((input.lastEventId ?? "") !== "") await pause(WATCH_MS, signal);
      let pool: string | undefined;
      while (signal?.aborted !== true) {
        pool ??= await resolvePool(db, input.pool);
        const assignment = await findTesterIn(db, pool, input.username, sharedForecasts(ctx.connection));
        const fingerprint = changeOf(assignment);
        if (fingerprint !== shown) yield tracked(fingerprint, assignment);
        shown = fingerprint;
        if (["active", "failed", "released"].includes(assignment.state) && !assignment.keysPending) return;
        await pause(WATCH_MS, signal);
      }
    } finally {
      ended();
    }
  }),

  log: forApp.input(testerLogInput).query(async ({ ctx, input }) => {
    const assignment = await findTester(ctx.connection.db, input);
    return readLog(ctx.connection.db, assignment.id, input.after);
  }),

  release: forApp.input(testerInput).mutation(async ({ ctx, input }) => {
    const assignment = await release(ctx.connection.db, input, ctx.actor);
    ctx.after(() => replenish(ctx.connection.db, assignment.pool, ctx.actor));
    return assignment;
  }),

  extend: forApp.input(testerExtendInput).mutation(async ({ ctx, input }) => {
    const { id } = await findTester(ctx.connection.db, input);
    return extendAssignment(ctx.connection.db, id, input.ttlSeconds, ctx.actor);
  }),

  retry: forApp.input(testerRetryInput).mutation(async ({ ctx, input: { recipe, params, ...tester } }) => {
    const { id } = await findTester(ctx.connection.db, tester);
    return retryAssignment(ctx.connection.db, id, ctx.actor, recipe, ctx.secretKeys, params);
  }),

  list: forApp.input(testerListInput).query(async ({ ctx, input }) => {
    const where = sql`${input.pool === undefined ? sql`true` : sql`a.pool = ${input.pool}`}
      and ${input.state === undefined ? sql`true` : sql`a.state = ${input.state}`}
      and ${input.cursor === undefined ? sql`true` : sql`a.seq < ${parseCursor(input.cursor)}`}`;
    const found = await readAssignments(
      ctx.connection.db,
      where,
      sql`order by a.seq desc limit ${input.limit + 1}`,
      sharedForecasts(ctx.connection),
    );
    return page(
      found.map(({ seq, ...assignment }) => ({ ...assignment, cursor: seq })),
      input.limit,
    );
  }),
});

/** Changes with everything a watcher sees but the estimates, which move all the time by themselves. */
function changeOf({ setup, queue, ...rest }: Assignment): string {
  const seen = JSON.stringify([rest, setup && { ...setup, etaSeconds: null }, queue?.position]);
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(seen))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
}
