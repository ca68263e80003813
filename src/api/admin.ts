import { z } from "zod";
import { machineGetInput, machineListInput } from "../contract/machine.ts";
import { poolName, recipeName } from "../contract/names.ts";
import { enrollInput } from "../contract/node.ts";
import { poolSpec } from "../contract/pool.ts";
import { recipe } from "../contract/recipe.ts";
import { createTokenInput } from "../contract/token.ts";
import { heartbeats, sweep } from "../cron/sweep.ts";
import { getMachine, listMachines } from "../pool/machineView.ts";
import { enroll, listNodes } from "../pool/nodes.ts";
import { emptyPool, getPool, listPools, pausePool, putPool } from "../pool/pools.ts";
import { getRecipe, listRecipes, putRecipe } from "../pool/recipes.ts";
import { createToken } from "../pool/tokens.ts";
import { forAdmin, forApp, router } from "./trpc.ts";

const pool = z.strictObject({ name: poolName });
const emptyInput = z.strictObject({ name: poolName, assigned: z.enum(["keep", "release"]).default("keep") });

export const poolRouter = router({
  list: forApp.query(({ ctx }) => listPools(ctx.connection.db)),
  get: forApp.input(pool).query(({ ctx, input }) => getPool(ctx.connection.db, input.name)),
  put: forAdmin.input(poolSpec).mutation(({ ctx, input }) => putPool(ctx.connection.db, input, ctx.actor)),
  pause: forAdmin
    .input(pool)
    .mutation(({ ctx, input }) => pausePool(ctx.connection.db, input.name, true, ctx.actor)),
  resume: forAdmin
    .input(pool)
    .mutation(({ ctx, input }) => pausePool(ctx.connection.db, input.name, false, ctx.actor)),
  empty: forAdmin
    .input(emptyInput)
    .mutation(({ ctx, input }) => emptyPool(ctx.connection.db, input.name, input.assigned, ctx.actor)),
});

export const recipeRouter = router({
  list: forAdmin.query(({ ctx }) => listRecipes(ctx.connection.db)),
  get: forAdmin
    .input(z.strictObject({ name: recipeName }))
    .query(({ ctx, input }) => getRecipe(ctx.connection.db, input.name)),
  put: forAdmin.input(recipe).mutation(({ ctx, input }) => putRecipe(ctx.connection.db, input, ctx.actor)),
});

export const machineRouter = router({
  list: forAdmin.input(machineListInput).query(({ ctx, input }) => listMachines(ctx.connection.db, input)),
  get: forAdmin.input(machineGetInput).query(({ ctx, input }) => getMachine(ctx.connection.db, input.id)),
});

export const nodeRouter = router({
  list: forAdmin.query(({ ctx }) => listNodes(ctx.connection.db)),
  enroll: forAdmin
    .input(enrollInput)
    .mutation(({ ctx, input }) => enroll(ctx.connection.db, input.name, ctx.actor)),
});

export const tokenRouter = router({
  create: forAdmin
    .input(createTokenInput)
    .mutation(({ ctx, input }) => createToken(ctx.connection.db, input, ctx.actor)),
});

export const sweepRouter = router({
  run: forAdmin.mutation(async ({ ctx }) => ({ duties: await sweep(ctx.connection.db) })),
  duties: forAdmin.query(({ ctx }) => heartbeats(ctx.connection.db)),
});
