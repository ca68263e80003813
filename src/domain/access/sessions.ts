import { type SQL, sql } from "drizzle-orm";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { tell } from "../core/event.ts";
import { equalHex, sha256 } from "../core/hash.ts";
import { SETTINGS } from "../core/limits.ts";
import { newSecret } from "./secret.ts";
import type { Caller } from "./tokens.ts";

/**
 * Sessions of the dashboard, and codes that make one of them once. Both are random secrets that stand for a token: what
 * it may do they may do, and they end with it (docs/decisions/0012-sessions.md).
 */
export type Person = { role: "admin" | "viewer"; name: string; token: string | null };

const LASTS = { session: SETTINGS.sessionSeconds, code: SETTINGS.signInCodeSeconds };

/** Signs a person in, on record. @returns the cookie's text. */
export async function signIn(
  db: Db,
  person: Person,
  bootstrap: string | undefined,
): Promise<{ text: string; expiresAt: string }> {
  return db.transaction((tx) => begin(tx, person, bootstrap));
}

/**
 * The same by the code of a link, which works once.
 * @throws WarmpoolError UNAUTHORIZED where somebody was faster.
 */
export async function signInByCode(
  db: Db,
  code: string,
  person: Person,
  bootstrap: string | undefined,
): Promise<{ text: string; expiresAt: string }> {
  return db.transaction(async (tx) => {
    const hash = await sha256(code);
    const taken = await rows(
      tx,
      sql`delete from sessions where kind = 'code' and hash = ${hash} and expires_at > now() returning id`,
    );
    if (taken.length === 0) throw new WarmpoolError("UNAUTHORIZED", ENDED.code);
    return begin(tx, person, bootstrap);
  });
}

async function begin(tx: Db, person: Person, bootstrap: string | undefined) {
  const session = await store(tx, "session", person, bootstrap);
  await tell(tx, {
    kind: "session",
    actor: `${person.role}:${person.name}`,
    reason: "signed_in",
    data: { expiresAt: session.expiresAt },
  });
  return session;
}

/** Makes the code of a link that signs in once, as the person who asks for it. */
export function newCode(
  db: Db,
  person: Person,
  bootstrap: string | undefined,
): Promise<{ text: string; expiresAt: string }> {
  return store(db, "code", person, bootstrap);
}

/** Ends a session; one that has ended stays so. */
export async function signOut(db: Db, hash: string): Promise<void> {
  await db.execute(sql`delete from sessions where kind = 'session' and hash = ${hash}`);
}

/** When a session ends at the latest; null if it has ended. */
export async function sessionEnd(db: Db, hash: string): Promise<string | null> {
  const [row] = await rows<{ expiresAt: string }>(
    db,
    sql`select ${iso(sql`expires_at`)} as "expiresAt" from sessions
      where kind = 'session' and hash = ${hash} and expires_at > now()`,
  );
  return row?.expiresAt ?? null;
}

/** Why a secret of that kind is refused, whatever was wrong with it. */
export const ENDED = {
  session: "the session has ended; sign in again",
  code: "this sign-in link was already used or has expired, or its token is no longer valid; get a new link: npx warmpool dashboard",
} as const;

/**
 * Who is signed in, or whom a code would sign in, in one statement.
 * @throws WarmpoolError UNAUTHORIZED, the same for one that is wrong, over, used, or whose token has ended.
 */
export async function authenticateSession(
  db: Db,
  kind: "session" | "code",
  text: string,
  bootstrap: string | undefined,
): Promise<Caller> {
  const [row] = await rows<{
    mark: string | null;
    /** Null, like its role and name, if the session is the bootstrap token's. */
    token: string | null;
    role: "admin" | "viewer" | null;
    name: string | null;
    noted: boolean;
  }>(
    db,
    sql`select s.mark, t.id as token, t.role, t.name,
        coalesce(t.last_used_at > now() - interval '1 minute', false) as noted
      from sessions s left join tokens t on t.id = s.token
      where s.kind = ${kind} and s.hash = ${await sha256(text)} and s.expires_at > now()
        and (s.token is null or t.role in ('admin', 'viewer') and t.revoked_at is null
          and (t.expires_at is null or t.expires_at > now()))`,
  );
  if (row === undefined) throw new WarmpoolError("UNAUTHORIZED", ENDED[kind]);
  const { mark, token, role, name, noted } = row;
  if (token !== null && role !== null && name !== null) return { token, role, name, noted };
  if (mark === null || bootstrap === undefined || !equalHex(mark, await markOf(text, bootstrap)))
    throw new WarmpoolError("UNAUTHORIZED", ENDED[kind]);
  return { role: "admin", name: "bootstrap", token: null, noted: true };
}

async function store(
  db: Db,
  kind: "session" | "code",
  { token }: Person,
  bootstrap: string | undefined,
): Promise<{ text: string; expiresAt: string }> {
  const { text, hash } = await newSecret(kind);
  const [stored] = await rows<{ expiresAt: string }>(
    db,
    sql`insert into sessions (kind, hash, token, mark, expires_at)
      values (${kind}, ${hash}, ${token}, ${token === null ? await markOf(text, bootstrap ?? "") : null}, ${endOf(kind, token)})
      returning ${iso(sql`expires_at`)} as "expiresAt"`,
  );
  if (stored === undefined) throw new WarmpoolError("INTERNAL", "the session was not stored");
  return { text, ...stored };
}

/** Never after the token's own end. */
function endOf(kind: "session" | "code", token: string | null): SQL {
  return sql`least(now() + make_interval(secs => ${LASTS[kind]}), (select expires_at from tokens where id = ${token}))`;
}

/** With the bootstrap token alone a hash could be guessed at; the secret before it is stored nowhere. */
function markOf(secret: string, bootstrap: string): Promise<string> {
  return sha256(`${secret}\n${bootstrap}`);
}
