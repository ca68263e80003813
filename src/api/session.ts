import type { SecretLink } from "../contract/session.ts";
import { newCode } from "../domain/access/sessions.ts";
import { WarmpoolError } from "../domain/core/errors.ts";
import { forAdmin, router } from "./trpc.ts";

export const sessionRouter = router({
  /** A link to the dashboard that signs in once, as the caller. */
  link: forAdmin.mutation(async ({ ctx }): Promise<SecretLink> => {
    const { role, name, token } = ctx.caller;
    if (role !== "admin") throw new WarmpoolError("FORBIDDEN", "requires a token with the role admin");
    const { text, expiresAt } = await newCode(ctx.connection.db, { role, name, token }, ctx.adminToken);
    return { url: `${ctx.origin}/?code=${text}`, expiresAt };
  }),
});
