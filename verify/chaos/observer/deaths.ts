import type { Sql } from "postgres";

/** A machine, and where the relay asks it. */
export type Asked = { name: string; host: string; port: number };

/**
 * Machines that a probe has called dead since event `after`, although nothing was done to them: a line each.
 * Who asked was too busy to hear the answer, or what answered was not theirs.
 */
export async function deadUnharmed(
  sql: Sql,
  after: number,
  isHarmed: (machine: Asked) => boolean,
): Promise<{ last: number; broken: string[] }> {
  const deaths = await sql<(Asked & { id: number; reason: string; cause: string | null })[]>`
    select e.id::int as id, e.reason, e.data ->> 'cause' as cause, m.name, m.dial_host as host, m.dial_port as port
    from events e join machines m on m.id = e.machine
    where e.kind = 'machine' and e.id > ${after} and e.reason in ('probe_dead', 'strikes', 'vanished') order by e.id`;
  return {
    last: deaths.at(-1)?.id ?? after,
    broken: deaths
      .filter((death) => !isHarmed(death))
      .map(({ id, name, reason, cause }) => `event ${id}: ${name} was ${reason} (${cause ?? "no cause"})`),
  };
}
