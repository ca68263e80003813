import { checkInstallation } from "../pool/installation.ts";
import { forAdmin, router } from "./trpc.ts";

export const installationRouter = router({
  check: forAdmin.query(({ ctx }) => checkInstallation(ctx.connection.db, ctx.caller, ctx.secretKeys)),
});
