import { type SQL, sql } from "drizzle-orm";
import type { SetupLog } from "../../contract/assignment.ts";
import { type Db, rows } from "../../db/client.ts";
import { SETTINGS } from "../core/limits.ts";

/**
 * A set-up's log, stored in the pieces in which it was received. However much a step prints, the stored part is bounded: the log's
 * beginning, and its end, which shows why it failed. Pieces in between are dropped as later ones arrive.
 */
type Piece = { offset: number; end: number; text: string };

/** Stores the next piece, only for the leased operation that `lease` selects. */
export async function storeLog(db: Db, lease: SQL, { offset, end, text }: Piece): Promise<void> {
  if (end <= offset) return;
  await db.execute(sql`
    with lease as (${lease}),
    stored as (
      insert into setup_logs (assignment, machine, start_byte, end_byte, text)
      select lease.assignment, lease.machine, ${offset}, ${end}, ${text.replaceAll("\0", "")} from lease
      where ${offset} >= coalesce((select max(l.end_byte) from setup_logs l
        where l.assignment = lease.assignment and l.machine = lease.machine), 0)
      on conflict do nothing
      returning assignment, machine, end_byte
    )
    delete from setup_logs l using stored s
    where l.assignment = s.assignment and l.machine = s.machine
      and l.start_byte >= ${SETTINGS.logHeadBytes} and l.end_byte <= s.end_byte - ${SETTINGS.logTailBytes}`);
}

/** A response has about this many characters: whole pieces, at least one. */
const ANSWER = 65_536;

/**
 * A set-up's log from a cursor. Cursors count the bytes of the log on the machine, across the machines of a swap:
 * they do not change when pieces are dropped, and the text says where pieces are missing.
 */
export async function readLog(db: Db, assignment: string, after: number): Promise<SetupLog> {
  const [log] = await rows<{ ended: boolean; length: number; pieces: Piece[] }>(
    db,
    sql`with logs as (select machine, max(end_byte) as length from setup_logs where assignment = ${assignment} group by machine),
      placed as (
        select g.machine, sum(g.length) over (order by m.ready_at, m.id) - g.length as base
        from logs g join machines m on m.id = g.machine
      ),
      ahead as (
        select p.base + l.start_byte as "offset", p.base + l.end_byte as "end", l.text,
          sum(length(l.text)) over (order by p.base + l.start_byte) - length(l.text) as before
        from setup_logs l join placed p on p.machine = l.machine
        where l.assignment = ${assignment} and p.base + l.end_byte > ${after}
      )
      select a.state in ('active', 'failed', 'released') as ended,
        coalesce((select sum(length) from logs), 0)::float8 as length,
        (select coalesce(jsonb_agg(jsonb_build_object('offset', "offset", 'end', "end", 'text', text) order by "offset"), '[]')
          from ahead where before < ${ANSWER}) as pieces
      from assignments a where a.id = ${assignment}`,
  );
  let next = after;
  let text = "";
  for (const piece of log?.pieces ?? []) {
    if (piece.offset > next) text += leftOut(piece.offset - next);
    text += piece.text;
    next = piece.end;
  }
  return { text, next, done: log?.ended === true && next >= log.length };
}

function leftOut(bytes: number): string {
  return `\n[… ${bytes} bytes of the log are omitted here …]\n`;
}
