import {
  finishInput,
  type FinishResult,
  joinInput,
  leaseInput,
  type LeaseResult,
  openInput,
  renewInput,
  reportInput,
  type ReportResult,
} from "../contract/relay.ts";
import { sweep, takeOverdueSweep } from "../cron/sweep.ts";
import { noteDriver } from "../domain/health/driverProblem.ts";
import { finish } from "../domain/operations/finish.ts";
import { leaseWork } from "../domain/operations/lease.ts";
import { reportInventory } from "../domain/nodes/applyInventory.ts";
import { heard, join, openSession } from "../domain/nodes/session.ts";
import { payloads } from "../domain/operations/payload.ts";
import { renew } from "../domain/operations/progress.ts";
import { deliver } from "../domain/webhook/deliver.ts";
import { pause } from "./pause.ts";
import { forJoin, forNode, router } from "./trpc.ts";

/** A lease that waits looks for work so often: what is queued meanwhile is seen within about a second. */
const LEASE_POLL_MS = 900;

export const relayRouter = router({
  join: forJoin.input(joinInput).mutation(({ ctx }) => join(ctx.connection.db, ctx.node, ctx.joinToken)),

  open: forNode
    .input(openInput)
    .mutation(({ ctx, input }) => openSession(ctx.connection.db, ctx.node, input)),

  lease: forNode.input(leaseInput).mutation(async ({ ctx, input, signal }): Promise<LeaseResult> => {
    const { db } = ctx.connection;
    const { concurrency } = await heard(db, ctx.node, input.session);
    if (await takeOverdueSweep(db)) ctx.after(() => sweep(db, ctx.webhook));
    const until = Date.now() + input.waitSeconds * 1000;
    for (;;) {
      const leased = await leaseWork(db, ctx.node, input.session, input.free, input.highestMachineNumber);
      const left = until - Date.now();
      if (leased.length > 0 || left <= 0 || signal?.aborted === true)
        return { operations: await payloads(db, leased, ctx.secretKeys), concurrency };
      await pause(Math.min(LEASE_POLL_MS, left), signal);
    }
  }),

  renew: forNode
    .input(renewInput)
    .mutation(({ ctx, input }) => renew(ctx.connection.db, ctx.node, input.session, input.operations)),

  finish: forNode.input(finishInput).mutation(async ({ ctx, input }): Promise<FinishResult> => {
    const { connection, webhook } = ctx;
    await finish(connection.db, ctx.node, input);
    const { outcome } = input.result;
    if ((outcome === "set_up" || outcome === "setup_failed") && webhook !== null && "url" in webhook)
      ctx.after(() => deliver(connection.db, webhook));
    return { ok: true };
  }),

  report: forNode.input(reportInput).mutation(async ({ ctx, input }): Promise<ReportResult> => {
    await heard(ctx.connection.db, ctx.node, input.session);
    const { inventory, driverProblem } = input;
    if (inventory !== undefined) await reportInventory(ctx.connection.db, ctx.node, inventory);
    await noteDriver(ctx.connection.db, ctx.node, "capacity", driverProblem ?? null);
    return { ok: true };
  }),
});
