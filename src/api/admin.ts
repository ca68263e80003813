import { assignmentExtendInput, assignmentInput, assignmentRetryInput } from "../contract/assignment.ts";
import {
  machineGetInput,
  machineListInput,
  machineNoteInput,
  machineRecreateInput,
  timelineInput,
} from "../contract/machine.ts";
import {
  enrollInput,
  labelNodeInput,
  liftBrakeInput,
  nodeInput,
  reapInput,
  removeNodeInput,
} from "../contract/node.ts";
import { setNodeInput } from "../contract/nodeSettings.ts";
import { poolHistoryInput } from "../contract/history.ts";
import { emptyPoolInput, poolInput, poolSpec, removePoolInput } from "../contract/pool.ts";
import { recipe, recipeInput, rollbackRecipeInput } from "../contract/recipe.ts";
import { createTokenInput, revokeTokenInput } from "../contract/token.ts";
import { heartbeats, sweepFor } from "../cron/sweep.ts";
import { setDefaultPool } from "../domain/pools/defaultPool.ts";
import { extendAssignment } from "../domain/assignments/extend.ts";
import { forgetMachine, holdMachine, recreateMachine, unholdMachine } from "../domain/machines/actions.ts";
import { getMachine, listMachines } from "../domain/machines/view.ts";
import {
  labelNode,
  liftBrake,
  reapOrphans,
  removeNode,
  scheduleNode,
  setNode,
} from "../domain/nodes/actions.ts";
import { enroll } from "../domain/nodes/session.ts";
import { listNodes } from "../domain/nodes/view.ts";
import { readHistory } from "../domain/metrics/history.ts";
import { removePool } from "../domain/pools/remove.ts";
import { planPoolChange } from "../domain/pools/preview.ts";
import { emptyPool, getPool, listPools, pausePool, putPool } from "../domain/pools/pools.ts";
import { getRecipe, listRecipes, putRecipe } from "../domain/recipes/recipes.ts";
import { recipeVersions, removeRecipe, rollbackRecipe } from "../domain/recipes/versions.ts";
import { getAssignment, releaseAssignment } from "../domain/assignments/release.ts";
import { reassignMachine } from "../domain/machines/reassign.ts";
import { cutMachine, uncutMachine } from "../domain/machines/cut.ts";
import { restartMachine } from "../domain/machines/restart.ts";
import { retryAssignment } from "../domain/assignments/retry.ts";
import { machineTimeline } from "../domain/machines/timeline.ts";
import { listTokens, revokeToken } from "../domain/access/tokenList.ts";
import { createToken } from "../domain/access/tokens.ts";
import { forAdmin, forApp, router } from "./trpc.ts";

/** The operator's procedures: parse, call the domain, return. */
export const poolRouter = router({
  list: forApp.query(({ ctx }) => listPools(ctx.connection.db)),
  get: forApp.input(poolInput).query(({ ctx, input }) => getPool(ctx.connection.db, input.name)),
  history: forAdmin.input(poolHistoryInput).query(({ ctx, input }) => readHistory(ctx.connection.db, input)),
  plan: forAdmin.input(poolSpec).query(({ ctx, input }) => planPoolChange(ctx.connection.db, input)),
  put: forAdmin.input(poolSpec).mutation(({ ctx, input }) => putPool(ctx.connection.db, input, ctx.actor)),
  remove: forAdmin
    .input(removePoolInput)
    .mutation(({ ctx, input }) => removePool(ctx.connection.db, input, ctx.actor)),
  pause: forAdmin
    .input(poolInput)
    .mutation(({ ctx, input }) => pausePool(ctx.connection.db, input.name, true, ctx.actor)),
  resume: forAdmin
    .input(poolInput)
    .mutation(({ ctx, input }) => pausePool(ctx.connection.db, input.name, false, ctx.actor)),
  default: forAdmin
    .input(poolInput)
    .mutation(({ ctx, input }) => setDefaultPool(ctx.connection.db, input.name, ctx.actor)),
  empty: forAdmin
    .input(emptyPoolInput)
    .mutation(({ ctx, input }) => emptyPool(ctx.connection.db, input.name, input.assigned, ctx.actor)),
});

/** An assignment by its id, for callers that do not know its tester. */
export const assignmentRouter = router({
  get: forAdmin.input(assignmentInput).query(({ ctx, input }) => getAssignment(ctx.connection.db, input.id)),
  release: forAdmin
    .input(assignmentInput)
    .mutation(({ ctx, input }) => releaseAssignment(ctx.connection.db, input.id, ctx.actor, ctx.follow)),
  extend: forAdmin
    .input(assignmentExtendInput)
    .mutation(({ ctx, input }) => extendAssignment(ctx.connection.db, input.id, input.ttlSeconds, ctx.actor)),
  retry: forAdmin
    .input(assignmentRetryInput)
    .mutation(({ ctx, input }) =>
      retryAssignment(ctx.connection.db, input.id, ctx.actor, input.recipe, ctx.secretKeys, input.params),
    ),
});

export const recipeRouter = router({
  list: forAdmin.query(({ ctx }) => listRecipes(ctx.connection.db)),
  get: forAdmin.input(recipeInput).query(({ ctx, input }) => getRecipe(ctx.connection.db, input.name)),
  put: forAdmin.input(recipe).mutation(({ ctx, input }) => putRecipe(ctx.connection.db, input, ctx.actor)),
  versions: forAdmin
    .input(recipeInput)
    .query(({ ctx, input }) => recipeVersions(ctx.connection.db, input.name)),
  rollback: forAdmin
    .input(rollbackRecipeInput)
    .mutation(({ ctx, input }) => rollbackRecipe(ctx.connection.db, input, ctx.actor)),
  remove: forAdmin
    .input(recipeInput)
    .mutation(({ ctx, input }) => removeRecipe(ctx.connection.db, input.name, ctx.actor)),
});

export const machineRouter = router({
  list: forAdmin.input(machineListInput).query(({ ctx, input }) => listMachines(ctx.connection.db, input)),
  get: forAdmin.input(machineGetInput).query(({ ctx, input }) => getMachine(ctx.connection.db, input.id)),
  timeline: forAdmin
    .input(timelineInput)
    .query(({ ctx, input }) => machineTimeline(ctx.connection.db, input)),
  recreate: forAdmin
    .input(machineRecreateInput)
    .mutation(({ ctx, input: { id, reassign } }) =>
      (reassign ? reassignMachine : recreateMachine)(ctx.connection.db, id, ctx.actor),
    ),
  restart: forAdmin
    .input(machineGetInput)
    .mutation(({ ctx, input }) => restartMachine(ctx.connection.db, input.id, ctx.actor)),
  hold: forAdmin
    .input(machineNoteInput)
    .mutation(({ ctx, input }) => holdMachine(ctx.connection.db, input.id, input.note, ctx.actor)),
  unhold: forAdmin
    .input(machineGetInput)
    .mutation(({ ctx, input }) => unholdMachine(ctx.connection.db, input.id, ctx.actor)),
  cut: forAdmin
    .input(machineNoteInput)
    .mutation(({ ctx, input }) => cutMachine(ctx.connection.db, input.id, input.note, ctx.actor)),
  uncut: forAdmin
    .input(machineGetInput)
    .mutation(({ ctx, input }) => uncutMachine(ctx.connection.db, input.id, ctx.actor)),
  forget: forAdmin
    .input(machineNoteInput)
    .mutation(({ ctx, input }) => forgetMachine(ctx.connection.db, input.id, input.note, ctx.actor)),
});

export const nodeRouter = router({
  list: forAdmin.query(({ ctx }) => listNodes(ctx.connection.db)),
  enroll: forAdmin
    .input(enrollInput)
    .mutation(({ ctx, input }) => enroll(ctx.connection.db, input.name, ctx.actor)),
  drain: forAdmin
    .input(nodeInput)
    .mutation(({ ctx, input }) =>
      scheduleNode(ctx.connection.db, input.name, "draining", ctx.actor, ctx.follow),
    ),
  resume: forAdmin
    .input(nodeInput)
    .mutation(({ ctx, input }) => scheduleNode(ctx.connection.db, input.name, "open", ctx.actor, ctx.follow)),
  label: forAdmin
    .input(labelNodeInput)
    .mutation(({ ctx, input }) => labelNode(ctx.connection.db, input, ctx.actor, ctx.follow)),
  set: forAdmin
    .input(setNodeInput)
    .mutation(({ ctx, input }) => setNode(ctx.connection.db, input, ctx.actor, ctx.follow)),
  lift: forAdmin
    .input(liftBrakeInput)
    .mutation(({ ctx, input }) => liftBrake(ctx.connection.db, input, ctx.actor, ctx.follow)),
  reap: forAdmin
    .input(reapInput)
    .mutation(({ ctx, input }) => reapOrphans(ctx.connection.db, input, ctx.actor)),
  remove: forAdmin
    .input(removeNodeInput)
    .mutation(({ ctx, input }) => removeNode(ctx.connection.db, input, ctx.actor, ctx.follow)),
});

export const tokenRouter = router({
  list: forAdmin.query(({ ctx }) => listTokens(ctx.connection.db)),
  create: forAdmin
    .input(createTokenInput)
    .mutation(({ ctx, input }) => createToken(ctx.connection.db, input, ctx.actor)),
  revoke: forAdmin
    .input(revokeTokenInput)
    .mutation(({ ctx, input }) => revokeToken(ctx.connection.db, input.id, ctx.actor)),
});

export const sweepRouter = router({
  run: forAdmin.mutation(({ ctx }) => sweepFor(ctx.connection.db, ctx.actor, ctx.webhook)),
  duties: forAdmin.query(({ ctx }) => heartbeats(ctx.connection.db)),
});
