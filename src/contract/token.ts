import * as z from "zod";
import { moment } from "./names.ts";

/** The roles a person can make a token for. `viewer` reads what an admin can read and changes nothing. */
export const ISSUED_ROLES = ["app", "admin", "viewer"] as const;
export type IssuedRole = (typeof ISSUED_ROLES)[number];

/** `node` is a relay's credential, `join` the one-time token with which it gets one. */
export const TOKEN_ROLES = [...ISSUED_ROLES, "node", "join"] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** Who may call: besides tokens, `tester` is the bearer of the link to a tester's page. */
export type CallerRole = TokenRole | "tester";

/** The least and the most of a token's life, in seconds, if it has an end. */
export const TOKEN_LIFE = { min: 60, max: 10 * 366 * 86_400 } as const;

/** A new token; its text is in the answer and nowhere else. Without `expiresInSeconds` it lives until revoked. */
export const createTokenInput = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(100),
  role: z.enum(ISSUED_ROLES),
  expiresInSeconds: z.int().min(TOKEN_LIFE.min).max(TOKEN_LIFE.max).optional(),
});

export const revokeTokenInput = z.strictObject({ id: z.uuid("must be the id of a token") });

export const createdToken = z.strictObject({
  id: z.string(),
  name: z.string(),
  role: z.enum(ISSUED_ROLES),
  token: z.string(),
  /** As in `TokenView`. */
  fingerprint: z.string(),
  expiresAt: moment.nullable(),
});
export type CreatedToken = z.infer<typeof createdToken>;

/** A token as lists show it, without its text. */
export const tokenView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    role: z.enum(TOKEN_ROLES),
    /** The node it speaks for, of role `node` and `join`. */
    node: z.string().nullable(),
    /** The first 8 hex digits of the text's SHA-256: `printf %s TOKEN | sha256sum` tells which one you hold. */
    fingerprint: z.string(),
    state: z.enum(["valid", "expired", "revoked", "used"]),
    createdAt: moment,
    expiresAt: moment.nullable(),
    revokedAt: moment.nullable(),
    /** The last call with it, to a minute. */
    lastUsedAt: moment.nullable(),
  })
  .meta({ id: "Token" });
export type TokenView = z.infer<typeof tokenView>;
