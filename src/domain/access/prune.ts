import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { KEPT } from "../core/retention.ts";
import { pruneKeys } from "./idempotency.ts";

export type PrunedAccess = { tokens: number; signIns: number; pages: number; idempotencyKeys: number };

/**
 * Forgets tokens that open nothing any more after `eventRetentionDays`. Sessions, sign-in codes and links to pages that have ended go
 * at once, Idempotency-Keys after the time they are promised for.
 */
export async function pruneAccess(db: Db): Promise<PrunedAccess> {
  const tokens = await rows(
    db,
    sql`delete from tokens where least(expires_at, revoked_at, used_at) < ${KEPT} returning id`,
  );
  const signIns = await rows(db, sql`delete from sessions where expires_at < now() returning id`);
  const pages = await rows(
    db,
    sql`delete from tester_pages p using assignments a where a.id = p.assignment
      and (p.expires_at < now() or a.released_at < now() - interval '1 day') returning p.assignment`,
  );
  return {
    tokens: tokens.length,
    signIns: signIns.length,
    pages: pages.length,
    idempotencyKeys: await pruneKeys(db),
  };
}
