import { sql } from "drizzle-orm";
import type { Db } from "../../../src/db/client.ts";
import { makeWorld, NODE } from "../../../test/helpers/world.ts";

/** An installation of rows alone, as large as wanted: pages and the edge only read rows. */
export type Size = { machines: number; testers: number };

const NODES = 10;
/** What changes in a second of a busy installation, all at once. */
const MACHINES_A_CHANGE = 5;
const SETUPS_A_CHANGE = 2;

/** A pool on ten nodes. Of its testers most have a machine, some are being set up, and some wait. */
export async function fill(db: Db, { machines, testers }: Size): Promise<void> {
  await makeWorld(db, { targetSize: machines - testers, maxSize: machines * 2 });
  // No relay is there to be heard: as if each had been just now, for as long as the benchmark takes.
  await db.execute(sql`update nodes set last_seen_at = now() + interval '1 day'`);
  await db.execute(sql`
    insert into nodes (name, state, driver, last_seen_at, last_probe_at)
    select 'n' || n, node.state, node.driver, node.last_seen_at, node.last_probe_at
    from nodes node, generate_series(2, ${NODES}::int) n where node.name = ${NODE}`);
  await db.execute(sql`
    insert into machines (name, pool, node, state, port, http_port, machine_spec, shape, ready_at, host_key, dial_host,
      dial_port, access_host, access_port)
    select 'demo-' || n || '-' || substr(md5(n::text), 1, 4), p.name, 'n' || n % ${NODES}::int + 1,
      case when n <= ${testers}::int * 9 / 10 then 'assigned' else 'ready' end, 100000 + n, 200000 + n, p.machine_spec,
      p.spec -> 'shape', now(), '{"type": "ssh-ed25519", "key": "AAAA", "fingerprint": "SHA256:AAAA"}',
      '127.0.0.1', 22, '127.0.0.1', 22
    from generate_series(1, ${machines}::int) n, pools p`);
  await db.execute(sql`
    insert into testers (pool, username)
    select 'demo', 'tester_' || n from generate_series(1, ${testers}::int) n`);
  await db.execute(sql`
    insert into assignments (pool, username, state, machine, ssh_keys, recipe, recipe_version, attempt, step, claimed_at,
      setup_at, active_at)
    select 'demo', 'tester_' || n.n,
      case when m.id is null then 'waiting' when n.n % 10 = 0 then 'setting_up' else 'active' end, m.id, '[]', r.name,
      r.version, 1, '{"step": 1, "steps": 4, "title": "Install packages", "percent": 1}',
      case when m.id is not null then now() end, case when m.id is not null then now() end,
      case when m.id is not null and n.n % 10 > 0 then now() end
    from recipes r, generate_series(1, ${testers}::int) n(n)
    left join (select id, row_number() over (order by number) as at from machines where state = 'assigned') m
      on m.at = n.n`);
  await db.execute(sql`
    update testers t set assignment = a.id from assignments a where a.pool = t.pool and a.username = t.username`);
  await db.execute(sql`analyze`);
}

/** Some machines fail a probe or recover, and some set-ups come further: other ones with each `n`. */
export async function change(db: Db, n: number): Promise<void> {
  await db.execute(sql`
    with turned as (
      update machines set state = case state when 'ready' then 'suspect' else 'ready' end,
        suspect_since = case state when 'ready' then now() end
      where id in (select id from machines where state in ('ready', 'suspect')
        order by md5(number::text || ${n}::text) limit ${MACHINES_A_CHANGE})
      returning id, pool, node, state)
    insert into events (kind, actor, reason, pool, node, machine, before, after)
    select 'machine', 'node:' || node, case state when 'ready' then 'probe_alive' else 'probe_dead' end, pool, node, id,
      case state when 'ready' then 'suspect' else 'ready' end, state
    from turned`);
  await db.execute(sql`
    update assignments set step = jsonb_set(step, '{percent}', to_jsonb(${n}::int % 100))
    where id in (select id from assignments where state = 'setting_up'
      order by md5(username || ${n}::text) limit ${SETUPS_A_CHANGE})`);
}
