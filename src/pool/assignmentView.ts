import { type SQL, sql } from "drizzle-orm";
import type { Assignment, AssignmentState } from "../contract/assignment.ts";
import type { SetupStep } from "../db/tables/assignments.ts";
import { type Db, iso, rows } from "../db/client.ts";
import { queueEta, setupEta } from "./eta.ts";
import type { Line } from "./forecast.ts";
import { isSilent } from "./nodeSilence.ts";
import { lineOfPool } from "./line.ts";
import { SETTINGS } from "./settings.ts";
import { IS_DOWN } from "./testerMachines.ts";
import { UNBEGUN, type Unbegun, unbegunError } from "./unbegun.ts";

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
 * Why an active machine cannot be used: it is down (src/pool/testerMachines.ts). Why a set-up that was begun stands still: its node (alias `n`) is not heard, or its machine has not answered for longer
 * than a restart takes. It goes on by itself when they do; meanwhile its tester is told, and may release it. Null where
 * nothing is known against it.
 */
const standstill = sql`case
  when a.state <> 'released' and m.cut is not null then jsonb_build_object('code', 'access_cut', 'message', concat(
    'An operator has ended the access to this machine', case when m.cut ->> 'doneAt' is null then '; it is being stopped' end,
    '. Its data is kept. Ask them.'))
  when a.state = 'active' and m.state = 'assigned' and ${IS_DOWN} then case n.not_alive -> m.id::text ->> 'down'
    when 'absent' then jsonb_build_object('code', 'machine_gone', 'message',
      'The machine does not exist any more: it was deleted on its node, and not by Warmpool. An operator can give you another one, on which the set-up runs again.')
    when 'stopped' then jsonb_build_object('code', 'machine_stopped', 'message',
      'The machine is stopped: somebody stopped it on its node, and not by Warmpool. An operator can start it again, with your data.')
    else jsonb_build_object('code', 'machine_silent', 'message', concat('The machine does not answer (',
      n.not_alive -> m.id::text ->> 'cause', '). An operator can restart it, with your data.'))
    end
  when a.state <> 'setting_up' then null
  when ${isSilent()} then jsonb_build_object('code', 'node_silent', 'message',
    'Nothing is heard of the machine''s node; the set-up goes on when it is heard again. Wait, or release and assign again.')
  when a.logged_in_at is not null and n.not_alive -> m.id::text ->> 'answer' = 'dead'
    and (n.not_alive -> m.id::text ->> 'since')::timestamptz < now() - make_interval(secs => ${SETTINGS.standstillSeconds}) then
    jsonb_build_object('code', 'machine_silent', 'message', concat('The machine does not answer (',
      n.not_alive -> m.id::text ->> 'cause', '); the set-up goes on when it does. Wait, or release and assign again.'))
  end`;

/** As `ssh-keygen -l` prints them, in the order in which the keys were given. */
const keyFingerprints = sql`coalesce((select jsonb_agg('SHA256:' || rtrim(encode(sha256(decode(split_part(k.line, ' ', 2), 'base64')), 'base64'), '=') order by k.at)
  from jsonb_array_elements_text(a.ssh_keys) with ordinality k (line, at)), '[]')`;

/** A run that puts keys in place is queued or under way, or follows the restart that is. */
const keysPending = sql`a.state = 'active' and exists (
  select 1 from operations o where o.machine = a.machine and o.state in ('queued', 'leased', 'cancelling')
    and (o.kind = 'setup' or a.ssh_keys <> coalesce(a.handover -> 'keys' -> a.username, '[]')))`;

/** What the line takes of the statement, and what it takes without. */
export const inLine = {
  lines: sql`, lines as (select p.name, ${lineOfPool} as line from pools p
    where p.name in (select pool from shown where state = 'waiting'))`,
  place: sql`case when a.state = 'waiting' then (select count(*)::int from assignments w
      where w.pool = a.pool and w.state = 'waiting' and w.seq <= a.seq) end as position,
    (select l.line from lines l where l.name = a.pool and a.state = 'waiting') as line`,
};
export const withoutLine = { lines: sql``, place: sql`null::int as position, null::jsonb as line` };

/** Assignments (alias `a`) that fit `where`, with `tail` for order and limit. */
export async function readAssignments(
  db: Db,
  where: SQL,
  tail: SQL,
): Promise<(Assignment & { seq: number })[]> {
  const found = await rows<Row>(db, assignmentsShown(where, tail, withoutLine));
  const whole = found.some(({ state }) => state === "waiting")
    ? await rows<Row>(db, assignmentsShown(where, tail, inLine))
    : found;
  return whole.map((row) => ({ seq: row.seq, ...view(row) }));
}

/** The statement of `readAssignments`, with the line or without it. */
export function assignmentsShown(where: SQL, tail: SQL, { lines, place }: { lines: SQL; place: SQL }): SQL {
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

function view(row: Row): Assignment {
  return {
    id: row.id,
    pool: row.pool,
    username: row.username,
    externalId: row.externalId,
    state: row.state,
    machine: row.machine,
    outputs: row.outputs,
    queue:
      row.position === null || row.line === null
        ? null
        : { position: row.position, ...queueEta(row.line, row.position) },
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
