import { sql } from "drizzle-orm";
import type { PageView } from "../../contract/page.ts";
import { sshKeyIdentity } from "../../contract/sshKey.ts";
import { type Connection, type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { settingOf } from "../core/settings.ts";
import { lockAssignments, lockWork } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { extendAssignment } from "./extend.ts";
import { putKeys } from "./keys.ts";
import { sharedForecasts } from "./queue/forecasts.ts";
import { isLiveAssignment } from "../core/live.ts";
import { specNumber } from "../core/spec.ts";
import { readAssignments } from "./view.ts";

/** What testers see and do on their own page. Whoever has the link is the tester; they can do nothing else with it. */

/** The same limit as for an assign. */
const MOST_KEYS = 50;

/** The assignment as its tester sees it; null if `link` (the hash of the page's secret) is not its latest link. */
export async function readPage(
  connection: Connection,
  assignment: string,
  link: string,
): Promise<PageView | null> {
  const [shown, terms] = await Promise.all([
    readAssignments(connection.db, sql`a.id = ${assignment}`, sql``, sharedForecasts(connection)),
    termsOf(connection.db, assignment),
  ]);
  const [found] = shown;
  if (found === undefined || terms?.link !== link) return null;
  const { pool, username, state, machine, outputs, queue, setup, keyFingerprints, keysPending, error } =
    found;
  const { createdAt, activeAt, expiresAt, releasedAt } = found;
  return {
    ...{ pool, username, state, outputs, queue, setup, keysPending, error },
    machine: machine === null ? null : withoutId(machine),
    keyFingerprints: keyFingerprints ?? [],
    ...{ createdAt, activeAt, expiresAt, releasedAt },
    ttlSeconds: terms.ttlSeconds,
    extend: extensionOf(state, terms),
    linkExpiresAt: terms.linkExpiresAt,
  };
}

/**
 * Extends it to `ttlSeconds`, counted from `activeAt`, if the pool allows testers to do that.
 * @throws WarmpoolError CONFLICT if it does not, or not for this long, or if the assignment is not active.
 */
export async function extendFromPage(
  db: Db,
  assignment: string,
  ttlSeconds: number,
  actor: Actor,
): Promise<void> {
  const [standing] = await rows<{ state: PageView["state"] }>(
    db,
    sql`select state from assignments where id = ${assignment}`,
  );
  const terms = await termsOf(db, assignment);
  const bound = standing === undefined || terms === undefined ? null : extensionOf(standing.state, terms);
  if (bound === null)
    throw new WarmpoolError(
      "CONFLICT",
      "it cannot be extended here; ask the person who gave you the machine",
    );
  if (ttlSeconds > bound.maxTtlSeconds)
    throw new WarmpoolError(
      "CONFLICT",
      `ttlSeconds: must be at most ${bound.maxTtlSeconds} here; for more, ask the person who gave you the machine`,
    );
  await extendAssignment(db, assignment, ttlSeconds, actor);
}

/**
 * Adds keys to the account; none is removed.
 * @throws WarmpoolError CONFLICT if the assignment is released, or would have too many keys.
 */
export async function addPageKeys(
  db: Db,
  assignment: string,
  sshKeys: readonly string[],
  actor: Actor,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockWork(tx, sql`select machine from assignments where id = ${assignment}`);
    await lockAssignments(tx, sql`select ${assignment}::uuid`);
    const [standing] = await rows<{ keys: string[] }>(
      tx,
      sql`select ssh_keys as keys from assignments where id = ${assignment} and ${isLiveAssignment()}`,
    );
    if (standing === undefined) throw new WarmpoolError("CONFLICT", "the machine was already released");
    const all = new Map([...sshKeys, ...standing.keys].map((key) => [sshKeyIdentity(key), key]));
    if (all.size > MOST_KEYS)
      throw new WarmpoolError("CONFLICT", `sshKeys: there would be more than ${MOST_KEYS} keys`);
    const added = sshKeys.filter((key) => !standing.keys.some((other) => isSame(key, other)));
    await putKeys(tx, assignment, [...standing.keys, ...added], actor);
  });
}

type Terms = {
  ttlSeconds: number | null;
  /** The maximum to which the pool allows testers to extend it; null if it does not. */
  testerTtlSeconds: number | null;
  /** The longest that anybody may make it. */
  ceilingSeconds: number;
  link: string;
  linkExpiresAt: string;
};

async function termsOf(db: Db, assignment: string): Promise<Terms | undefined> {
  const [terms] = await rows<Terms>(
    db,
    sql`select a.ttl_seconds as "ttlSeconds", ${specNumber("testerTtlSeconds")} as "testerTtlSeconds",
        ${settingOf("extendCeilingSeconds")} as "ceilingSeconds", l.hash as link, ${iso(sql`l.expires_at`)} as "linkExpiresAt"
      from assignments a join pools p on p.name = a.pool join tester_pages l on l.assignment = a.id
      where a.id = ${assignment}`,
  );
  return terms;
}

function extensionOf(
  state: PageView["state"],
  { ttlSeconds, testerTtlSeconds, ceilingSeconds }: Terms,
): PageView["extend"] {
  if (state !== "active" || ttlSeconds === null || testerTtlSeconds === null) return null;
  const most = Math.min(testerTtlSeconds, ceilingSeconds);
  return most > ttlSeconds ? { maxTtlSeconds: most } : null;
}

function withoutId({ id: _, ...machine }: { id: string } & NonNullable<PageView["machine"]>) {
  return machine;
}

function isSame(one: string, other: string): boolean {
  return sshKeyIdentity(one) === sshKeyIdentity(other);
}
