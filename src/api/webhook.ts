import { webhookGetInput } from "../contract/webhookDelivery.ts";
import { getWebhook } from "../domain/webhook/deliveries.ts";
import { sendTest } from "../domain/webhook/sendTest.ts";
import { forAdmin, router } from "./trpc.ts";

export const webhookRouter = router({
  get: forAdmin
    .input(webhookGetInput)
    .query(({ ctx, input }) => getWebhook(ctx.connection.db, ctx.webhook, input.limit)),
  test: forAdmin.mutation(({ ctx }) => sendTest(ctx.connection.db, ctx.webhook, ctx.actor)),
});
