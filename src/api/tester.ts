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
import type { Assignment, AssignResult } from "../contract/assignment.ts";
import { assign } from "../domain/assignments/assign.ts";
import { readAssignments } from "../domain/assignments/view.ts";
import { extendAssignment } from "../domain/assignments/extend.ts";
import { sharedForecasts } from "../domain/assignments/queue/forecasts.ts";
import { page, parseCursor } from "../domain/core/page.ts";
import { findTester, findTesterIn, release } from "../domain/assignments/release.ts";
import { resolvePool } from "../domain/core/whichPool.ts";
import { retryAssignment } from "../domain/assignments/retry.ts";
import { readLog } from "../domain/assignments/setupLog.ts";
import type { Actor } from "../domain/core/reasons.ts";
import { newPage } from "../domain/access/pages.ts";
import { pagePath } from "../contract/page.ts";
import type { SecretLink } from "../contract/session.ts";
import { type Context, forApp, router } from "./trpc.ts";
import { watchAssignment } from "./watchAssignment.ts";

export const testerRouter = router({
  assign: forApp.input(assignInput).mutation(async ({ ctx, input }): Promise<AssignResult> => {
    const span = ctx.traces?.assign(ctx.traceparent);
    const trace = span?.contextOf ?? (() => ctx.traceparent);
    const result = await assign(ctx.connection, { ...input, trace }, ctx.actor, ctx.follow, ctx.secretKeys);
    if (result.created) span?.created(result.assignment);
    return input.page === true ? { ...result, page: await pageLink(ctx, result.assignment.id) } : result;
  }),

  link: forApp.input(testerInput).mutation(async ({ ctx, input }) => {
    const { id } = await findTester(ctx.connection.db, input);
    return pageLink(ctx, id);
  }),

  status: forApp
    .input(testerInput)
    .query(({ ctx, input }) => findTester(ctx.connection.db, input, sharedForecasts(ctx.connection))),

  watch: forApp.input(testerWatchInput).subscription(async function* ({ ctx, input, signal }) {
    const { db } = ctx.connection;
    let pool: string | undefined;
    const look = async () => {
      pool ??= await resolvePool(db, input.pool);
      return findTesterIn(db, pool, input.username, sharedForecasts(ctx.connection));
    };
    const isOver = ({ state, keysPending }: Assignment) =>
      ["active", "failed", "released"].includes(state) && !keysPending;
    for await (const { id, data } of watchAssignment(ctx, input.lastEventId, signal, look, isOver))
      yield tracked(id, data);
  }),

  log: forApp.input(testerLogInput).query(async ({ ctx, input }) => {
    const assignment = await findTester(ctx.connection.db, input);
    return readLog(ctx.connection.db, assignment.id, input.after);
  }),

  release: forApp
    .input(testerInput)
    .mutation(({ ctx, input }) => release(ctx.connection.db, input, ctx.actor, ctx.follow)),

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

/** Creates the link to an assignment's page, which replaces the previous link. */
async function pageLink(
  ctx: Pick<Context, "connection" | "origin"> & { actor: Actor },
  assignment: string,
): Promise<SecretLink> {
  const { text, expiresAt } = await newPage(ctx.connection.db, assignment, ctx.actor);
  return { url: `${ctx.origin}${pagePath(text)}`, expiresAt };
}
