import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { WarmpoolError } from "./errors.ts";
import { equalHex, sha256 } from "./hash.ts";
import type { Actor } from "./reasons.ts";
import { tell } from "./transition.ts";

/** Bearer tokens: made here, shown once, kept as a hash. */
export type Caller =
  | { role: "admin" | "app"; name: string }
  | { role: "node" | "join"; name: string; node: string; token: string };

type TokenRole = "app" | "admin" | "node" | "join";

/** Makes and stores a token; the text is returned and never seen again. */
export async function issueToken(
  db: Db,
  token: { role: TokenRole; name: string; node?: string; ttlSeconds?: number },
): Promise<{ id: string; token: string; expiresAt: string | null }> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const secret = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
  const text = `wp_${token.role}_${secret}`;
  const [row] = await rows<{ id: string; expiresAt: string | null }>(
    db,
    sql`insert into tokens (role, name, node, hash, expires_at)
      values (${token.role}, ${token.name}, ${token.node ?? null}, ${await sha256(text)},
        ${token.ttlSeconds === undefined ? null : sql`now() + make_interval(secs => ${token.ttlSeconds})`})
      returning id, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "expiresAt"`,
  );
  if (row === undefined) throw new WarmpoolError("INTERNAL", "the token was not stored");
  return { ...row, token: text };
}

/** Makes a token for the main app or for an admin, on record. */
export async function createToken(
  db: Db,
  token: { role: "app" | "admin"; name: string },
  actor: Actor,
): Promise<{ id: string; name: string; role: "app" | "admin"; token: string }> {
  const issued = await issueToken(db, token);
  await tell(db, {
    kind: "token",
    actor,
    reason: "asked_for",
    data: { id: issued.id, name: token.name, role: token.role },
  });
  return { id: issued.id, name: token.name, role: token.role, token: issued.token };
}

/**
 * Who the bearer token speaks for. The bootstrap admin token is a secret of the deployment and in no table.
 * @throws WarmpoolError UNAUTHORIZED, the same for a wrong, a revoked and an expired one.
 */
export async function authenticate(
  db: Db,
  bearer: string | null,
  bootstrap: string | undefined,
): Promise<Caller> {
  if (bearer === null) throw new WarmpoolError("UNAUTHORIZED", "send a token: Authorization: Bearer wp_…");
  const hash = await sha256(bearer);
  if (bootstrap !== undefined && bootstrap !== "" && equalHex(hash, await sha256(bootstrap))) {
    return { role: "admin", name: "bootstrap" };
  }
  const [row] = await rows<{ id: string; role: TokenRole; name: string; node: string | null }>(
    db,
    sql`select id, role, name, node from tokens
      where hash = ${hash} and revoked_at is null and used_at is null and (expires_at is null or expires_at > now())`,
  );
  if (row === undefined)
    throw new WarmpoolError("UNAUTHORIZED", "the token is not known, expired or revoked");
  if (row.role === "admin" || row.role === "app") return { role: row.role, name: row.name };
  return { role: row.role, name: row.name, node: row.node ?? "", token: row.id };
}

/** Uses up a join token. @throws WarmpoolError UNAUTHORIZED where somebody was faster. */
export async function spendToken(tx: Db, id: string): Promise<void> {
  const spent = await rows(
    tx,
    sql`update tokens set used_at = now() where id = ${id} and used_at is null returning id`,
  );
  if (spent.length === 0)
    throw new WarmpoolError("UNAUTHORIZED", "the join token was used already; enroll the node again");
}
