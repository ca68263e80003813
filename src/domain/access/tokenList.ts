import { type SQL, sql } from "drizzle-orm";
import type { TokenView } from "../../contract/token.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import type { Actor } from "../core/reasons.ts";
import { isLiveAssignment } from "../core/live.ts";
import { tell } from "../core/event.ts";

/** Tokens as an admin sees them: never their text, of which the database has only the hash. */
async function readTokens(db: Db, where: SQL): Promise<TokenView[]> {
  return rows<TokenView>(
    db,
    sql`select id, name, role, node, left(hash, 8) as fingerprint,
        case when revoked_at is not null then 'revoked' when used_at is not null then 'used'
          when expires_at <= now() then 'expired' else 'valid' end as state,
        ${iso(sql`created_at`)} as "createdAt", ${iso(sql`expires_at`)} as "expiresAt",
        ${iso(sql`revoked_at`)} as "revokedAt", ${iso(sql`last_used_at`)} as "lastUsedAt"
      from tokens where ${where} order by created_at desc, id`,
  );
}

/** Newest first, those that open nothing any more included until they are pruned. */
export function listTokens(db: Db): Promise<TokenView[]> {
  return readTokens(db, sql`true`);
}

/** The hashes of all tokens, sessions, codes and pages that open something now. */
export async function validHashes(db: Db): Promise<Set<string>> {
  const found = await rows<{ hash: string }>(
    db,
    sql`(select hash from tokens
        where revoked_at is null and used_at is null and (expires_at is null or expires_at > now())
        order by last_used_at desc nulls first limit 10000)
      union all (select hash from sessions where expires_at > now() order by expires_at desc limit 10000)
      union all (select p.hash from tester_pages p join assignments a on a.id = p.assignment
        where p.expires_at > now() and ${isLiveAssignment(sql`a`)} order by p.expires_at desc limit 10000)`,
  );
  return new Set(found.map(({ hash }) => hash));
}

/**
 * Ends a token at once; one that is revoked already stays as it is.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function revokeToken(db: Db, id: string, actor: Actor): Promise<TokenView> {
  return db.transaction(async (tx) => {
    const [revoked] = await rows<{ name: string; role: string; node: string | null }>(
      tx,
      sql`update tokens set revoked_at = now() where id = ${id} and revoked_at is null returning name, role, node`,
    );
    if (revoked !== undefined) {
      const { node, ...data } = revoked;
      await tell(tx, {
        kind: "token",
        actor,
        reason: "revoked",
        before: "valid",
        after: "revoked",
        data: { id, ...data },
        ...(node === null ? {} : { node }),
      });
    }
    const [token] = await readTokens(tx, sql`id = ${id}`);
    if (token === undefined) throw new WarmpoolError("NOT_FOUND", `there is no token with the id ${id}`);
    return token;
  });
}

/** Records the use of a token, at most once a minute, also with concurrent calls. */
export async function noteUse(db: Db, id: string): Promise<void> {
  await db.execute(sql`
    update tokens set last_used_at = now()
    where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`);
}
