import { settingsPutInput } from "../contract/settings.ts";
import { getSettings, putSettings } from "../domain/core/settings.ts";
import { forAdmin, router } from "./trpc.ts";

export const settingsRouter = router({
  get: forAdmin.query(({ ctx }) => getSettings(ctx.connection.db)),
  put: forAdmin
    .input(settingsPutInput)
    .mutation(({ ctx, input }) => putSettings(ctx.connection.db, input, ctx.actor)),
});
