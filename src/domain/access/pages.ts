import { sql } from "drizzle-orm";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { tell } from "../core/event.ts";
import { sha256 } from "../core/hash.ts";
import { SETTINGS } from "../core/limits.ts";
import type { Actor } from "../core/reasons.ts";
import { newSecret } from "./secret.ts";
import { isLiveAssignment } from "../core/live.ts";
import type { Caller } from "./tokens.ts";

/** Links to testers' pages: a secret that opens one assignment for as long as it lives, and the latest link of it only. */

/** Why a page's secret is refused, whatever was wrong with it. */
export const PAGE_ENDED =
  "this link is no longer valid: the machine was released, or a newer link was created; ask the person who sent it for a new one";

/**
 * Makes the link to an assignment's page and ends the one before.
 * @throws WarmpoolError CONFLICT if the assignment is released or does not exist.
 */
export async function newPage(
  db: Db,
  assignment: string,
  actor: Actor,
): Promise<{ text: string; expiresAt: string }> {
  const { text, hash } = await newSecret("page");
  return db.transaction(async (tx) => {
    const [made] = await rows<{ expiresAt: string; pool: string }>(
      tx,
      sql`with live as (
          select id, pool from assignments where id = ${assignment} and ${isLiveAssignment()} for key share
        )
        insert into tester_pages as p (assignment, hash, expires_at)
        select id, ${hash}, now() + make_interval(secs => ${SETTINGS.pageLinkSeconds}) from live
        on conflict (assignment) do update
          set hash = excluded.hash, created_at = now(), expires_at = excluded.expires_at
        returning ${iso(sql`p.expires_at`)} as "expiresAt", (select pool from live) as pool`,
    );
    if (made === undefined)
      throw new WarmpoolError("CONFLICT", "the assignment is released, so it has no page; assign again");
    const { pool, expiresAt } = made;
    await tell(tx, { kind: "page", actor, reason: "asked_for", pool, assignment, data: { expiresAt } });
    return { text, expiresAt };
  });
}

/** Whether a bearer is a page's, by its form. */
export function isPageText(bearer: string): boolean {
  return bearer.startsWith("wp_page_");
}

/**
 * Whose page it is, in one statement.
 * @throws WarmpoolError UNAUTHORIZED, the same for one that is wrong, over, renewed, or whose assignment is released.
 */
export async function authenticatePage(db: Db, text: string): Promise<Caller> {
  const hash = await sha256(text);
  const [row] = await rows<{ assignment: string; name: string }>(
    db,
    sql`select a.id as assignment, a.username as name
      from tester_pages p join assignments a on a.id = p.assignment
      where p.hash = ${hash} and p.expires_at > now() and ${isLiveAssignment(sql`a`)}`,
  );
  if (row === undefined) throw new WarmpoolError("UNAUTHORIZED", PAGE_ENDED);
  return { role: "tester", ...row, link: hash, token: null, noted: true };
}
