import type { Sql } from "postgres";

/**
 * Of machines that a person has put aside, those that Warmpool takes for its own, a line each: it has given them a row, or
 * waits for something else than that person with what it is going to do about them. What is booked so is stopped and
 * deleted in the end, which may be long after a run of minutes.
 */
export async function takenForOurs(sql: Sql, kept: readonly string[]): Promise<string[]> {
  if (kept.length === 0) return [];
  const taken = await sql<{ broken: string }[]>`
    select m.name || ' has a row of its own, and is ' || m.state as broken
    from machines m where m.name in ${sql(kept)}
    union all
    select o.key || ' is an orphan of ' || n.name || ' and no copy to it (' || coalesce(o.value ->> 'waits', 'nothing')
      || ')' as broken
    from nodes n cross join lateral jsonb_each(n.orphans) o
    where o.key in ${sql(kept)} and coalesce(o.value ->> 'waits', '') <> 'copy'`;
  return taken.map(({ broken }) => broken);
}
