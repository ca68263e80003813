import { type SQL, sql } from "drizzle-orm";
import type { Assignment, AssignmentState } from "../../contract/assignment.ts";
import type { SetupStep } from "../../db/tables/assignments.ts";
import { type Db, iso, listOf, rows } from "../../db/client.ts";
import { queueEta, setupEta, UNKNOWN_ETA } from "./queue/eta.ts";
import type { Line } from "./queue/forecast.ts";
import { Forecasts, type Stance } from "./queue/forecasts.ts";
import { isSilent } from "../core/nodeSilence.ts";
import { lineOfPool } from "./queue/observed.ts";
import { IS_DEAD_FOR_LONG, notAlive } from "../health/notAlive.ts";
import { IS_DOWN } from "../health/testerMachines.ts";
import { UNBEGUN, type Unbegun, unbegunError } from "./unbegun.ts";
import { isLiveAssignment, isLiveOperation } from "../core/live.ts";

/**
 * Assignments as their owners see them. What is shown was true at one moment, for one statement reads everything. That
 * without the line is a third as much to plan, which is most of what it costs: only for those who wait the line is read
 * as well, by a second statement that reads the rest again.
 */
type Row = {
  id: string;
  seq: number;
  pool: string;
  username: string;
  externalId: string | null;
  state: AssignmentState;
  machine: Assignment["machine"];
  outputs: Record<string, string>;
  step: SetupStep | null;
  attempt: number;
  setupAt: string | null;
  setupSeconds: number | null;
  position: number | null;
  stance: Stance | null;
  line: Line | null;
  usualSetupSeconds: number | null;
  recipe: NonNullable<Assignment["recipe"]>;
  keyFingerprints: string[];
  swaps: number;
  keysPending: boolean;
  error: Assignment["error"];
  unbegun: Unbegun | null;
  createdAt: string;
  activeAt: string | null;
  expiresAt: string | null;
  releasedAt: string | null;
  accessEndedAt: string | null;
};

/** A retry skips the steps that are done: a retried set-up is compared with retried ones, any other with those of one go. */
const usualSetup = sql`(
  select percentile_cont(0.5) within group (order by extract(epoch from d.active_at - d.setup_at))
  from (select active_at, setup_at from assignments e
    where e.recipe = a.recipe and e.recipe_version = a.recipe_version and e.active_at is not null
      and (e.setup_at > e.claimed_at) = (a.setup_at > a.claimed_at)
    order by e.seq desc limit 20) d)`;

/**
 * Why an active machine cannot be used: it is down (src/domain/health/testerMachines.ts). Why a set-up that was begun stands still: its node (alias `n`) is not heard, or its machine has not answered for longer
 * than a restart takes. It continues by itself when they do; meanwhile its tester is told, and may release it. Null where
 * nothing is known against it.
 */
const standstill = sql`case
  when ${isLiveAssignment(sql`a`)} and m.cut is not null then jsonb_build_object('code', 'access_cut', 'message', concat(
    'An operator has ended the access to this machine', case when m.cut ->> 'doneAt' is null then '; it is being stopped' end,
    '. Its data is kept. Ask them.'))
  when a.state = 'active' and m.state = 'assigned' and ${IS_DOWN} then case ${notAlive("down")}
    when 'absent' then jsonb_build_object('code', 'machine_gone', 'message',
      'The machine does not exist any more: it was deleted on its node, and not by Warmpool. An operator can give you another one, on which the set-up runs again.')
    when 'stopped' then jsonb_build_object('code', 'machine_stopped', 'message',
      'The machine is stopped: somebody stopped it on its node, and not by Warmpool. An operator can start it again, with your data.')
    else jsonb_build_object('code', 'machine_silent', 'message', concat('The machine does not answer (',
      ${notAlive("cause")}, '). An operator can restart it, with your data.'))
    end
  when a.state <> 'setting_up' then null
  when ${isSilent()} then jsonb_build_object('code', 'node_silent', 'message',
    'Nothing is heard of the machine''s node; the set-up continues when it is heard again. Wait, or release and assign again.')
  when a.logged_in_at is not null and ${IS_DEAD_FOR_LONG} then
    jsonb_build_object('code', 'machine_silent', 'message', concat('The machine does not answer (',
      ${notAlive("cause")}, '); the set-up continues when it does. Wait, or release and assign again.'))
  end`;

/** As `ssh-keygen -l` prints them, in the order in which the keys were given. */
const keyFingerprints = sql`coalesce((select jsonb_agg('SHA256:' || rtrim(encode(sha256(decode(split_part(k.line, ' ', 2), 'base64')), 'base64'), '=') order by k.at)
  from jsonb_array_elements_text(a.ssh_keys) with ordinality k (line, at)), '[]')`;

/** A run that puts keys in place is queued or under way, or follows the restart that is. */
const keysPending = sql`a.state = 'active' and exists (
  select 1 from operations o where o.machine = a.machine and ${isLiveOperation(sql`o`)}
    and (o.kind = 'setup' or a.ssh_keys <> coalesce(a.handover -> 'keys' -> a.username, '[]')))`;

/** What a forecast must have been made with (`Stance`), of a pool `p`. */
const stance = sql`jsonb_build_object('halted', p.paused or p.create_failures > 0, 'targetSize', p.target_size,
  'maxSize', p.max_size)`;

/**
 * What the line takes of the statement: of each pool it is read once, and comes with the first of its rows.
 * @param known pools whose line is known already
 */
export function inLine(known: readonly string[]): Placing {
  return {
    lines: sql`, lines as materialized (select p.name, ${lineOfPool} as line from pools p
      where p.name in (select pool from shown where state = 'waiting') and (p.name in (${listOf(known)})) is not true),
      places as materialized (select w.id, (row_number() over (partition by w.pool order by w.seq))::int as position
        from assignments w where w.state = 'waiting' and w.pool in (select pool from shown where state = 'waiting')
          and w.seq <= (select max(seq) from shown where state = 'waiting'))`,
    place: sql`(select w.position from places w where w.id = a.id) as position,
      case when a.state = 'waiting' then (select ${stance} from pools p where p.name = a.pool) end as stance,
      case when a.state = 'waiting' and row_number() over (partition by a.pool, a.state order by a.seq) = 1
        then (select l.line from lines l where l.name = a.pool) end as line`,
  };
}

/** The statement without the line. */
export const withoutLine: Placing = {
  lines: sql``,
  place: sql`null::int as position, null::jsonb as stance, null::jsonb as line`,
};

type Placing = { lines: SQL; place: SQL };

/**
 * Assignments (alias `a`) that fit `where`, with `tail` for order and limit.
 * @param forecasts kept by the caller to be shared with later readers; never with those of a transaction
 */
export async function readAssignments(
  db: Db,
  where: SQL,
  tail: SQL,
  forecasts = new Forecasts(),
): Promise<(Assignment & { seq: number })[]> {
  const found = await rows<Row>(db, assignmentsShown(where, tail, withoutLine));
  const whole = found.some(({ state }) => state === "waiting")
    ? await rows<Row>(db, assignmentsShown(where, tail, inLine(forecasts.fresh())))
    : found;
  for (const row of whole) {
    if (row.line !== null && row.stance !== null) forecasts.keep(row.pool, row.stance, row.line);
  }
  await readOutdated(db, whole, forecasts);
  return whole.map((row) => ({ seq: row.seq, ...view(row, queueOf(row, forecasts)) }));
}

/** Reads the lines again that are known from before somebody at these positions waited, or the pool was changed. */
async function readOutdated(db: Db, found: readonly Row[], forecasts: Forecasts): Promise<void> {
  const outdated = new Set<string>();
  for (const { pool, stance: now, position } of found) {
    if (now !== null && position !== null && forecasts.find(pool, now, position) === null) outdated.add(pool);
  }
  if (outdated.size === 0) return;
  const read = await rows<{ pool: string; stance: Stance; line: Line }>(
    db,
    sql`select p.name as pool, ${stance} as stance, ${lineOfPool} as line from pools p
      where p.name in (${listOf([...outdated])})`,
  );
  for (const one of read) forecasts.keep(one.pool, one.stance, one.line);
}

function queueOf({ pool, stance: now, position }: Row, forecasts: Forecasts): Assignment["queue"] {
  if (now === null || position === null) return null;
  const forecast = forecasts.find(pool, now, position);
  return { position, ...(forecast === null ? UNKNOWN_ETA : queueEta(forecast, position)) };
}

/** The statement of `readAssignments`, with the line or without it. */
export function assignmentsShown(where: SQL, tail: SQL, { lines, place }: Placing): SQL {
  return sql`with shown as (select a.* from assignments a where ${where} ${tail})${lines}
    select a.id, a.seq, a.pool, a.username, a.external_id as "externalId", a.state,
      case when m.id is not null then jsonb_build_object('id', m.id, 'name', m.name, 'host', m.access_host,
        'port', m.access_port, 'user', a.username, 'hostKey', m.host_key) end as machine,
      a.outputs, a.step, a.attempt, ${iso(sql`a.setup_at`)} as "setupAt",
      extract(epoch from now() - a.setup_at)::float8 as "setupSeconds",
      ${place},
      case when a.state = 'setting_up' then ${usualSetup} end as "usualSetupSeconds",
      jsonb_build_object('name', a.recipe, 'version', a.recipe_version, 'current',
        (select r.version from recipes r where r.name = a.recipe order by r.put_at desc limit 1)) as recipe,
      ${keyFingerprints} as "keyFingerprints", a.swaps, ${keysPending} as "keysPending", case when m.cut is not null then ${standstill} else coalesce(a.error, ${standstill}) end as error, ${UNBEGUN} as unbegun,
      ${iso(sql`a.created_at`)} as "createdAt", ${iso(sql`a.active_at`)} as "activeAt",
      ${iso(sql`a.expires_at`)} as "expiresAt", ${iso(sql`a.released_at`)} as "releasedAt",
      ${iso(sql`a.access_ended_at`)} as "accessEndedAt"
    from shown a left join machines m on m.id = a.machine left join nodes n on n.name = m.node ${tail}`;
}

function view(row: Row, queue: Assignment["queue"]): Assignment {
  return {
    id: row.id,
    pool: row.pool,
    username: row.username,
    externalId: row.externalId,
    state: row.state,
    machine: row.machine,
    outputs: row.outputs,
    queue,
    setup:
      row.step === null || row.setupAt === null
        ? null
        : { ...row.step, attempt: row.attempt, startedAt: row.setupAt, etaSeconds: setupEta(row) },
    recipe: row.recipe,
    keyFingerprints: row.keyFingerprints,
    swaps: row.swaps,
    keysPending: row.keysPending,
    error: row.error ?? (row.unbegun === null ? null : unbegunError(row.unbegun)),
    createdAt: row.createdAt,
    activeAt: row.activeAt,
    expiresAt: row.expiresAt,
    releasedAt: row.releasedAt,
    accessEndedAt: row.accessEndedAt,
  };
}
