import * as z from "zod";
import { moment } from "./names.ts";

/** How a browser signs in, and what it sees of its session. The session itself is an HttpOnly cookie. */

/** The roles whose tokens sign in to the dashboard. */
export const SESSION_ROLES = ["admin", "viewer"] as const;

const text = z.string().min(1, "must not be empty").max(200, "is longer than 200 characters");

/** What `POST /session` takes: a token of role admin or viewer, or the code of a link that signs in once. */
export const sessionInput = z.union([z.strictObject({ token: text }), z.strictObject({ code: text })], {
  error: "must be { token } or { code }",
});

/** What `GET /session` answers: who is signed in, and until when at most. Revoking the token ends it sooner. */
export const sessionView = z.strictObject({
  /** The name of the token that signed in. */
  name: z.string(),
  role: z.enum(SESSION_ROLES),
  expiresAt: moment,
});
export type SessionView = z.infer<typeof sessionView>;

/** A link with a secret in it. It works until `expiresAt` at the latest. */
export const secretLink = z.strictObject({ url: z.string(), expiresAt: moment });
export type SecretLink = z.infer<typeof secretLink>;
