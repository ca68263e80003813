import { sql } from "drizzle-orm";
import type { AssignmentState } from "../../../src/contract/assignment.ts";
import type { MachineState } from "../../../src/contract/machine.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { heardLately, isOnline } from "../../../src/domain/core/nodeSilence.ts";

/** What the database says between two steps, as far as the model speaks of it. */
export type Picture = {
  testers: {
    username: string;
    state: AssignmentState;
    machine: string | null;
    isOver: boolean;
    /** Whether a relay has ever taken its set-up. */
    isBegun: boolean;
  }[];
  machines: { id: string; state: MachineState }[];
  /** Those that could be claimed, in the order in which they would be. */
  claimable: string[];
  population: number;
  targetSize: number;
  maxSize: number;
  paused: boolean;
  braked: string[];
  lastEvent: number;
};

export async function look(db: Db): Promise<Picture> {
  const [picture] = await rows<Picture>(
    db,
    sql`select
      (select coalesce(jsonb_agg(jsonb_build_object('username', a.username, 'state', a.state, 'machine', a.machine,
          'isOver', a.state in ('active', 'failed') and a.expires_at <= now(), 'isBegun', exists (select 1 from operations o
            where o.assignment = a.id and o.machine = a.machine and o.first_leased_at is not null))), '[]')
        from assignments a where a.state <> 'released') as testers,
      (select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'state', m.state) order by m.number), '[]')
        from machines m where m.state <> 'deleted') as machines,
      (select coalesce(jsonb_agg(m.id order by ${heardLately()} desc, m.machine_spec = p.machine_spec and n.scheduling = 'open' desc, m.ready_at), '[]')
        from machines m join nodes n on n.name = m.node where m.pool = p.name and m.state = 'ready' and ${isOnline()}) as claimable,
      (select count(*)::int from machines m where m.state <> 'deleted') as population,
      p.target_size as "targetSize", p.max_size as "maxSize", p.paused,
      (select coalesce(jsonb_agg(node), '[]') from brakes where released_at is null) as braked,
      (select coalesce(max(id), 0)::int from events) as "lastEvent"
      from pools p`,
  );
  if (picture === undefined) throw new Error("the pool is gone");
  return picture;
}

/** Everything a result may change, in one word: two that are equal are of the same state. */
export async function fingerprint(db: Db): Promise<string> {
  const part = (table: string) =>
    sql`(select string_agg(md5(t::text), '' order by md5(t::text)) from ${sql.identifier(table)} t)`;
  const tables = ["machines", "assignments", "testers", "operations", "nodes", "brakes", "pools", "events"];
  const parts = sql.join(tables.map(part), sql`, `);
  const [row] = await rows<{ word: string }>(db, sql`select md5(concat_ws('-', ${parts})) as word`);
  return row?.word ?? "";
}
