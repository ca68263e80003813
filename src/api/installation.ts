import { checkInstallation } from "../domain/installation/check.ts";
import { forAdmin, router } from "./trpc.ts";

export const installationRouter = router({
  check: forAdmin.query(({ ctx }) => checkInstallation(ctx.connection.db, ctx.caller, ctx.secretKeys)),
});
