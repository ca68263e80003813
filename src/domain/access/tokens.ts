import { sql } from "drizzle-orm";
import type { CreatedToken, IssuedRole, TokenRole } from "../../contract/token.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { equalHex, sha256 } from "../core/hash.ts";
import type { Actor } from "../core/reasons.ts";
import { tell } from "../core/event.ts";
import { newSecret } from "./secret.ts";

/** Bearer tokens: created here, shown once, stored as a hash. */
export type Caller =
  | { role: IssuedRole; name: string; token: string | null; noted: boolean }
  | { role: "node" | "join"; name: string; node: string; token: string; noted: boolean }
  /** A tester on their own page: what they may do is about this assignment. `link` is the hash of the page's secret. */
  | { role: "tester"; name: string; assignment: string; link: string; token: null; noted: true };

/** Makes and stores a token; the text is returned and never seen again. */
export async function issueToken(
  db: Db,
  token: { role: TokenRole; name: string; node?: string; ttlSeconds?: number },
): Promise<{ id: string; token: string; fingerprint: string; expiresAt: string | null }> {
  const { text, hash } = await newSecret(token.role);
  const [row] = await rows<{ id: string; expiresAt: string | null }>(
    db,
    sql`insert into tokens (role, name, node, hash, expires_at)
      values (${token.role}, ${token.name}, ${token.node ?? null}, ${hash},
        ${token.ttlSeconds === undefined ? null : sql`now() + make_interval(secs => ${token.ttlSeconds})`})
      returning id, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "expiresAt"`,
  );
  if (row === undefined) throw new WarmpoolError("INTERNAL", "the token was not stored");
  return { ...row, token: text, fingerprint: hash.slice(0, 8) };
}

/** Makes a token for the main app, an admin or a viewer, on record. */
export async function createToken(
  db: Db,
  token: { role: IssuedRole; name: string; expiresInSeconds?: number | undefined },
  actor: Actor,
): Promise<CreatedToken> {
  const { role, name, expiresInSeconds } = token;
  return db.transaction(async (tx) => {
    const issued = await issueToken(tx, {
      role,
      name,
      ...(expiresInSeconds === undefined ? {} : { ttlSeconds: expiresInSeconds }),
    });
    const { id, expiresAt } = issued;
    await tell(tx, {
      kind: "token",
      actor,
      reason: "asked_for",
      before: null,
      after: "valid",
      data: { id, name, role, expiresAt },
    });
    return { name, role, ...issued };
  });
}

/** Whether a text has the form of a token (`issueToken`): others need no lookup. */
export function isWellFormed(bearer: string): boolean {
  return /^wp_[a-z]{3,10}_[A-Za-z0-9_-]{43}$/.test(bearer);
}

/** Whether it is the hash of the bootstrap token, in a time that does not tell how much of it is. */
export async function isBootstrap(hash: string, bootstrap: string | undefined): Promise<boolean> {
  return bootstrap !== undefined && bootstrap !== "" && equalHex(hash, await sha256(bootstrap));
}

/**
 * Who the bearer token speaks for. The bootstrap admin token is a secret of the deployment and in no table; it is
 * compared by hash, in constant time. Others are looked up by their hash, from which a time tells nothing of the text.
 * `noted` is false if the use of the token should be recorded again (`noteUse`).
 * @throws WarmpoolError UNAUTHORIZED, the same for a wrong, a revoked and an expired one.
 */
export async function authenticate(
  db: Db,
  bearer: string | null,
  bootstrap: string | undefined,
): Promise<Caller> {
  if (bearer === null) throw new WarmpoolError("UNAUTHORIZED", "send a token: Authorization: Bearer wp_…");
  const hash = await sha256(bearer);
  if (await isBootstrap(hash, bootstrap)) {
    return { role: "admin", name: "bootstrap", token: null, noted: true };
  }
  const unknown = new WarmpoolError("UNAUTHORIZED", "the token is unknown, expired or revoked");
  if (!isWellFormed(bearer)) throw unknown;
  const [row] = await rows<{
    token: string;
    role: TokenRole;
    name: string;
    node: string | null;
    noted: boolean;
  }>(
    db,
    sql`select id as token, role, name, node, coalesce(last_used_at > now() - interval '1 minute', false) as noted
      from tokens
      where hash = ${hash} and revoked_at is null and used_at is null and (expires_at is null or expires_at > now())`,
  );
  if (row === undefined) throw unknown;
  const { role, name, token, noted } = row;
  if (role === "node" || role === "join") return { role, name, node: row.node ?? "", token, noted };
  return { role, name, token, noted };
}

/** Uses up a join token. @throws WarmpoolError UNAUTHORIZED where somebody was faster. */
export async function spendToken(tx: Db, id: string): Promise<void> {
  const spent = await rows(
    tx,
    sql`update tokens set used_at = now() where id = ${id} and used_at is null and revoked_at is null returning id`,
  );
  if (spent.length === 0)
    throw new WarmpoolError(
      "UNAUTHORIZED",
      "the join token was already used or was revoked; enroll the node again",
    );
}
