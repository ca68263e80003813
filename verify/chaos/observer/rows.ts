import type { Sql } from "postgres";

/**
 * What must hold in the database at every moment (I1 to I6 of docs/requirements.md, and more), as questions of the
 * observer's own. Each answers with a line per breach, in one statement and so of one moment.
 */
type Question = { invariant: string; ask: (sql: Sql) => PromiseLike<{ broken: string }[]> };

/** By a person or at the end of the tester's hold, and by nothing else. */
const ENDS_A_HOLD = ["released", "expired", "recreated", "pool_removed", "node_removed", "emptied"];

export const QUESTIONS: readonly Question[] = [
  {
    invariant: "a machine has one live assignment at most",
    ask: (sql) => sql`
      select machine || ' has ' || count(*) as broken from assignments
      where state <> 'released' and machine is not null group by machine having count(*) > 1`,
  },
  {
    invariant: "a tester has one live assignment at most",
    ask: (sql) => sql`
      select username || ' has ' || count(*) as broken from assignments
      where state <> 'released' group by pool, username having count(*) > 1`,
  },
  {
    invariant: "a machine has one live operation at most",
    ask: (sql) => sql`
      select machine || ' has ' || string_agg(kind, ' and ') as broken from operations
      where state not in ('succeeded', 'failed', 'cancelled') and machine is not null
      group by machine having count(*) > 1`,
  },
  {
    invariant: "the work on a machine is what its state asks for",
    ask: (sql) => sql`
      select m.name || ' is ' || m.state || ' with a live ' || o.kind as broken
      from operations o join machines m on m.id = o.machine
      where o.state in ('queued', 'leased') and (o.kind, m.state) not in
        (('create', 'provisioning'), ('setup', 'assigned'), ('setup', 'held'), ('delete', 'deleting'))
        and o.kind <> 'restart'`,
  },
  {
    invariant: "no machine of a tester is torn down",
    ask: (sql) => sql`
      select m.name || ' is ' || m.state || ' and ' || a.username || ' has it' as broken
      from assignments a join machines m on m.id = a.machine
      where a.state <> 'released' and m.state in ('deleting', 'deleted')`,
  },
  {
    invariant: "a tester's machine goes down only when the hold on it has ended",
    ask: (sql) => sql`
      select machine || ' went down as ' || reason || ' by ' || actor as broken from events
      where kind = 'machine' and before = 'assigned' and after = 'deleting' and reason not in ${sql(ENDS_A_HOLD)}`,
  },
  {
    invariant: "a machine is deleted on proof and not otherwise",
    ask: (sql) => sql`
      select name || ' is ' || state || ' with the receipt ' || coalesce(receipt ->> 'kind', 'none') as broken
      from machines where (state = 'deleted') <> (coalesce(receipt ->> 'kind', '') in ('listed', 'never-started'))`,
  },
  {
    invariant: "a pool never has more machines than maxSize",
    // What a node had while it was silent kept no room from testers who waited, and is one too many when it is back.
    ask: (sql) => sql`
      select p.name || ' has ' || count(*) || ' of ' || p.max_size as broken
      from pools p join machines m on m.pool = p.name and m.state <> 'deleted'
        and (m.state in ('assigned', 'held') or not exists (select 1 from events e
          where e.kind = 'node' and e.node = m.node and e.after = 'silent' and e.at > m.created_at))
      group by p.name, p.max_size having count(*) > p.max_size`,
  },
  {
    invariant: "a pool begins no more creates than it lacks machines",
    // What was coming, the new one included, against the target and those who wait. A machine counts as ready on a node
    // that had been online for a minute, a tester as waiting who had waited in the last minute: what else was so at the
    // moment of the decision cannot be told from outside.
    ask: (sql) => sql`
      with begun as (
        select e.id, e.at, m.pool from events e join machines m on m.id = e.machine
        where e.kind = 'machine' and e.after = 'provisioning' and e.reason = 'refill' order by e.id desc limit 30)
      select begun.pool || ': event ' || begun.id || ' makes it ' || coming.count || ' coming, ' || p.target_size
        || ' are wanted and ' || waited.count || ' waited' as broken
      from begun join pools p on p.name = begun.pool
      cross join lateral (
        select count(*) from machines m
        cross join lateral (
          select w.after from events w where w.machine = m.id and w.kind = 'machine' and w.after is not null
            and w.id <= begun.id order by w.id desc limit 1) was
        left join lateral (
          select w.after, w.at from events w where w.node = m.node and w.kind = 'node' and w.id <= begun.id
            and w.after in ('enrolled', 'online', 'returning', 'silent') order by w.id desc limit 1) node on true
        where m.pool = begun.pool and (was.after in ('provisioning', 'suspect')
          or was.after = 'ready' and node.after = 'online' and node.at < begun.at - interval '1 minute')) coming
      cross join lateral (
        select count(distinct a.username) from assignments a
        join events w on w.assignment = a.id and w.kind = 'assignment' and w.after = 'waiting' and w.id < begun.id
        where a.pool = begun.pool and coalesce((
          select n.at from events n where n.assignment = a.id and n.kind = 'assignment' and n.after is not null
            and n.id > w.id order by n.id limit 1), 'infinity') > begun.at - interval '1 minute') waited
      where coming.count > p.target_size + waited.count`,
  },
  {
    invariant: "a machine's record leads without a gap to the state it has",
    ask: (sql) => sql`
      with steps as (
        select machine, id, before, after, lag(after) over one as came, lead(id) over one is null as is_last
        from events where kind = 'machine' and after is not null
        window one as (partition by machine order by id))
      select m.name || ': event ' || s.id || ' from ' || coalesce(s.before, 'nothing') || ' to ' || s.after
        || ' after ' || coalesce(s.came, 'nothing') || ', the row is ' || m.state as broken
      from steps s join machines m on m.id = s.machine
      where s.before is distinct from s.came or (s.is_last and s.after <> m.state)`,
  },
  {
    invariant: "an assignment's record leads without a gap to the state it has",
    ask: (sql) => sql`
      with steps as (
        select assignment, id, before, after, lag(after) over one as came, lead(id) over one is null as is_last
        from events where kind = 'assignment' and after is not null
        window one as (partition by assignment order by id))
      select a.username || ': event ' || s.id || ' from ' || coalesce(s.before, 'nothing') || ' to ' || s.after
        || ' after ' || coalesce(s.came, 'nothing') || ', the row is ' || a.state as broken
      from steps s join assignments a on a.id = s.assignment
      where s.before is distinct from s.came or (s.is_last and s.after <> a.state)`,
  },
  {
    invariant: "those who wait are served in their order",
    // Who has waited for less than two seconds may not have been seen yet; who was served in the same transaction is
    // no one passed over.
    ask: (sql) => sql`
      select later.username || ' was served at event ' || e.id || ' before ' || first.username as broken
      from events e
      join assignments later on later.id = e.assignment
      join assignments first on first.pool = later.pool and first.seq < later.seq
      cross join lateral (
        select w.after, w.at from events w
        where w.assignment = first.id and w.kind = 'assignment' and w.after is not null and w.id < e.id
        order by w.id desc limit 1) was
      where e.kind = 'assignment' and e.after = 'setting_up' and coalesce(e.before, 'waiting') = 'waiting'
        and was.after = 'waiting' and was.at < e.at - interval '2 seconds'
        and not exists (select 1 from events v where v.assignment = first.id and v.id > e.id and v.at = e.at)`,
  },
  {
    invariant: "no tester fails by what a machine is before three others were tried",
    // Only what fails before the recipe has begun: afterwards something of the tester is on the machine.
    ask: (sql) => sql`
      select a.username || ' failed at event ' || e.id || ': ' || coalesce(e.data ->> 'message', '') as broken
      from events e join assignments a on a.id = e.assignment
      where e.kind = 'assignment' and e.after = 'failed' and e.data ->> 'code' in ('machine_refused', 'unreachable')
        and a.state = 'failed' and coalesce((a.step ->> 'step')::int, 1) <= 1
        and not exists (select 1 from events f
          where f.assignment = e.assignment and f.kind = 'assignment' and f.after = 'failed' and f.id < e.id)
        and (select count(*) from events s
          where s.assignment = e.assignment and s.kind = 'assignment' and s.reason = 'swapped' and s.id < e.id) < 3`,
  },
];
