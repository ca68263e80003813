import { sql } from "drizzle-orm";
import type { AssignResult, Assignment } from "../../contract/assignment.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { type Connection, type Db, iso, rows } from "../../db/client.ts";
import { readAssignments } from "./view.ts";
import { choosePool, defaultFirst, isDefault } from "../core/whichPool.ts";
import { WarmpoolError } from "../core/errors.ts";
import { firstStep } from "./firstStep.ts";
import { updateKeys } from "./keys.ts";
import { match } from "./match.ts";
import { checkParams } from "../recipes/params.ts";
import { pickReady } from "./claim.ts";
import type { Actor } from "../core/reasons.ts";
import { hasParams, sealParams, type SealedParams } from "../secrets/params.ts";
import { NO_SECRET_KEYS, type SecretKeys } from "../secrets/keys.ts";
import { json } from "../core/event.ts";
import type { Follow } from "../core/change.ts";
import { machineMovesIn } from "../core/moves.ts";
import { nothingTouched, type Touched } from "../core/touched.ts";
import { isNotRemoved } from "../core/live.ts";
import { specNumber, specText } from "../core/spec.ts";

export type AssignRequest = {
  username: string;
  sshKeys: string[];
  pool?: string | undefined;
  params?: Record<string, string> | undefined;
  ttlSeconds?: number | undefined;
  externalId?: string | undefined;
  wait?: boolean | undefined;
  /** The `traceparent` that a new assignment's set-ups continue, by the assignment's id. */
  trace?: ((assignment: string) => string | undefined) | undefined;
};

type Target = {
  pool: string;
  isDefault: boolean;
  paused: boolean;
  ttl: number | null;
  recipe: string;
  version: string;
  content: Recipe;
};

/**
 * Assigns a machine to a tester: the hot path. One statement takes the tester's slot, picks the longest-ready machine,
 * inserts the assignment and queues its set-up. A repeated call finds the slot taken, so it never locks a machine.
 * If no machine is ready, the assignment waits in the queue; `match` follows after the commit, because a machine may have
 * become ready that this statement's snapshot could not see. The answer says
 * which it is, so `match` is awaited here.
 * @param follow activates what else follows a new assignment: the pool has a machine less, or a tester more who waits
 * @throws WarmpoolError BAD_REQUEST, NOT_FOUND (pool), CONFLICT (other params), NO_CAPACITY, POOL_PAUSED.
 */
export async function assign(
  connection: Connection,
  request: AssignRequest,
  actor: Actor,
  follow: Follow,
  keys: SecretKeys = NO_SECRET_KEYS,
): Promise<AssignResult> {
  const { db } = connection;
  const target = await findTarget(db, request.pool);
  const params = checkParams(target.content.params, request.params ?? {});
  if (params instanceof WarmpoolError) {
    // An existing assignment has the params of its own recipe version, whatever the current version requires.
    if (await holdsSlot(db, target.pool, request.username)) return repeat(db, request, target, actor, keys);
    throw params;
  }
  const claim = await sealParams(keys, target.content.params, params);
  const touched = nothingTouched();
  const repeated = await claimFor(connection, request, target, { ...claim, touched }, actor, keys);
  if (repeated !== null) return repeated;
  const assignment = await matched(db, target.pool, request.username, actor);
  await follow(db, touched, actor);
  return { created: true, assignment };
}

async function matched(db: Db, pool: string, username: string, actor: Actor): Promise<Assignment> {
  const assignment = await liveAssignment(db, pool, username);
  if (assignment.state !== "waiting") return assignment;
  await match(db, pool, actor);
  return liveAssignment(db, pool, username);
}

/** What the new assignment has, and what it touches. */
type Claim = SealedParams & { touched: Touched };

/** Null if a new assignment was created, else the tester's existing one. */
async function claimFor(
  connection: Connection,
  request: AssignRequest,
  target: Target,
  claim: Claim,
  actor: Actor,
  keys: SecretKeys,
): Promise<AssignResult | null> {
  const statement = claimStatement(request, target, claim, actor);
  if (request.wait !== false && !target.paused) {
    const [made] = await connection.prepared<{ state: string }>(statement);
    return made === undefined ? repeat(connection.db, request, target, actor, keys) : null;
  }
  const made = await connection.db.transaction(async (tx) => {
    const [row] = await rows<{ state: string }>(tx, statement);
    if (row?.state === "waiting") throw nothingReady(target);
    return row;
  });
  return made === undefined ? repeat(connection.db, request, target, actor, keys) : null;
}

function claimStatement(
  request: AssignRequest,
  target: Target,
  { id, params, secrets, marks, touched }: Claim,
  actor: Actor,
) {
  const move = { to: "assigned", from: ["ready"], actor, reason: "claimed" } as const;
  return sql`
    with slot as (
      insert into testers (pool, username, assignment) values (${target.pool}, ${request.username}, ${id})
      on conflict (pool, username) do update set assignment = excluded.assignment where testers.assignment is null
      returning assignment
    ),
    ${pickReady(
      target.pool,
      sql`exists (select 1 from slot)
        and not exists (select 1 from assignments w where w.pool = ${target.pool} and w.state = 'waiting')`,
      "skip",
    )},
    ${machineMovesIn(touched, target.pool, sql`select id from picked`, move)},
    made as (
      insert into assignments (id, pool, username, external_id, state, machine, ssh_keys, params, secrets, secret_marks,
        recipe, recipe_version, ttl_seconds, attempt, claimed_at, setup_at, step, trace)
      select slot.assignment, ${target.pool}, ${request.username}, ${request.externalId ?? null},
        case when moved.id is null then 'waiting' else 'setting_up' end, moved.id,
        ${json(request.sshKeys)}, ${json(params)}, ${json(secrets)}, ${json(marks)}, ${target.recipe}, ${target.version},
        ${request.ttlSeconds ?? target.ttl}, case when moved.id is null then 0 else 1 end,
        case when moved.id is not null then now() end, case when moved.id is not null then now() end,
        case when moved.id is not null then ${firstStep(sql`${target.content.steps.length}::int`)} end,
        ${request.trace?.(id) ?? null}
      from slot left join moved on true
      returning id, state, machine
    ),
    work as (
      insert into operations (kind, node, machine, assignment)
      select 'setup', moved.node, moved.id, made.id from made join moved on moved.id = made.machine
    ),
    told as (
      insert into events (kind, actor, reason, pool, machine, assignment, after)
      select 'assignment', ${actor}, 'asked_for', ${target.pool}, made.machine, made.id, made.state from made
    )
    select state from made`;
}

/** The existing assignment, whose params must equal the given ones; it gets the keys. */
async function repeat(
  db: Db,
  request: AssignRequest,
  target: Target,
  actor: Actor,
  keys: SecretKeys,
): Promise<AssignResult> {
  const assignment = await liveAssignment(db, target.pool, request.username);
  if (request.params !== undefined) {
    if (!(await hasParams(db, assignment.id, request.params, keys))) {
      throw new WarmpoolError(
        "CONFLICT",
        `${request.username} has a live assignment in pool ${target.pool} with other params; release it first`,
      );
    }
  }
  const changed = await updateKeys(db, assignment.id, request.sshKeys, actor);
  // A caller that waits for the new keys must see that they are pending.
  return {
    created: false,
    assignment: changed ? await liveAssignment(db, target.pool, request.username) : assignment,
  };
}

async function holdsSlot(db: Db, pool: string, username: string): Promise<boolean> {
  const held = await rows(
    db,
    sql`select 1 from testers where pool = ${pool} and username = ${username} and assignment is not null`,
  );
  return held.length > 0;
}

async function liveAssignment(db: Db, pool: string, username: string): Promise<Assignment> {
  const [found] = await readAssignments(
    db,
    sql`a.pool = ${pool} and a.username = ${username}`,
    sql`order by a.seq desc limit 1`,
  );
  if (found === undefined) throw new WarmpoolError("UNAVAILABLE", "the assignment is being changed; retry");
  const { seq: _, ...assignment } = found;
  return assignment;
}

function nothingReady(target: Target): WarmpoolError {
  return target.paused
    ? new WarmpoolError(
        "POOL_PAUSED",
        `pool ${target.pool} is paused and has no ready machine; resume it or retry later`,
      )
    : new WarmpoolError(
        "NO_CAPACITY",
        `pool ${target.pool} has no ready machine now; retry later, or wait in the queue`,
      );
}

async function findTarget(db: Db, name: string | undefined): Promise<Target> {
  const found = await rows<Target & { putAt: string }>(
    db,
    sql`select p.name as pool, ${isDefault} as "isDefault", p.paused, ${specNumber("assignmentTtlSeconds")} as ttl,
        r.name as recipe, r.version, r.content, ${iso(sql`r.put_at`)} as "putAt"
      from pools p
      join lateral (select * from recipes where recipes.name = ${specText("recipe")} order by put_at desc limit 1) r on true
      where ${isNotRemoved(sql`p`)} and ${name === undefined ? sql`true` : sql`p.name = ${name}`}
      ${defaultFirst}`,
  );
  return choosePool(found, name);
}
