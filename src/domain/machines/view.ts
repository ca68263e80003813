import { type SQL, sql } from "drizzle-orm";
import type { Page } from "../../contract/assignment.ts";
import type { Endpoint, HostKey, MachineView, ProbeAnswer } from "../../contract/machine.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { can } from "./can.ts";
import { WarmpoolError } from "../core/errors.ts";
import { page, parseCursor } from "../core/page.ts";
import { isLiveAssignment, isLiveMachine, isLiveOperation } from "../core/live.ts";
import { IS_ABSENT, IS_DEAD, NOT_ALIVE } from "../health/notAlive.ts";

type Row = Omit<MachineView, "access" | "lastProbe" | "assignment" | "can"> & {
  cursor: number;
  accessHost: string | null;
  accessPort: number | null;
  assignmentId: string | null;
  username: string | null;
  probedAt: string | null;
  probed: boolean | null;
  notAlive: { answer: ProbeAnswer; cause: string | null } | null;
  absent: boolean;
  dead: boolean;
};

/**
 * Machines as an operator sees them. The last probe is not stored with the machine: that it was alive follows from
 * the node's last probe, which keeps only the answers that were not.
 */
async function readMachines(
  db: Db,
  where: SQL,
  limit: number,
): Promise<(MachineView & { cursor: number })[]> {
  const found = await rows<Row>(
    db,
    sql`select m.number as cursor, m.id, m.name, m.pool, m.node, m.state, m.phase, m.dial_host as host,
        m.dial_port as port, m.access_host as "accessHost", m.access_port as "accessPort", m.host_key as "hostKey",
        m.driver, m.driver_ref as "driverRef", coalesce(m.machine_spec <> p.machine_spec, false) as stale,
        ${iso(sql`m.suspect_since`)} as "suspectSince", ${iso(sql`m.ready_at`)} as "readyAt",
        ${iso(sql`m.created_at`)} as "createdAt", ${iso(sql`m.adopted_at`)} as "adoptedAt",
        ${iso(sql`m.imported_at`)} as "importedAt",
        ${iso(sql`m.keep_until`)} as "keepUntil", ${iso(sql`m.deleted_at`)} as "deletedAt",
        a.id as "assignmentId", a.username, ${iso(sql`n.last_probe_at`)} as "probedAt",
        m.ready_at < n.last_probe_at as probed, ${NOT_ALIVE} as "notAlive",
        ${IS_ABSENT} as absent, ${IS_DEAD} as dead, m.receipt, m.evidence,
        m.hold, m.cut, case when o.id is not null then jsonb_build_object('kind', o.kind, 'state', o.state, 'attempt', o.attempt,
          'error', o.error, 'since', ${iso(sql`o.created_at`)}) end as operation
      from machines m
      left join pools p on p.name = m.pool
      join nodes n on n.name = m.node
      left join assignments a on a.machine = m.id and ${isLiveAssignment(sql`a`)}
      left join operations o on o.machine = m.id and ${isLiveOperation(sql`o`)}
      where ${where} order by m.number desc limit ${limit}`,
  );
  return found.map(view);
}

function view(row: Row): MachineView & { cursor: number } {
  const {
    accessHost,
    accessPort,
    assignmentId,
    username,
    probedAt,
    probed,
    notAlive,
    absent,
    dead,
    ...rest
  } = row;
  const access: Endpoint | null =
    accessHost === null || accessPort === null ? null : { host: accessHost, port: accessPort };
  const hostKey: HostKey | null = row.hostKey;
  const assignment = assignmentId === null || username === null ? null : { id: assignmentId, username };
  return {
    ...rest,
    hostKey,
    access,
    assignment,
    can: can({ ...row, assignment, absent, dead }),
    lastProbe:
      probedAt === null || probed !== true || row.state === "deleting" || row.state === "deleted"
        ? null
        : { at: probedAt, answer: notAlive?.answer ?? "alive", cause: notAlive?.cause ?? null },
  };
}

/** Newest first; without deleted ones unless that state is asked for. */
export async function listMachines(
  db: Db,
  filter: {
    pool?: string | undefined;
    state?: string | undefined;
    node?: string | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<Page<MachineView>> {
  const where = sql`${filter.state === undefined ? isLiveMachine(sql`m`) : sql`m.state = ${filter.state}`}
    and ${filter.pool === undefined ? sql`true` : sql`m.pool = ${filter.pool}`}
    and ${filter.node === undefined ? sql`true` : sql`m.node = ${filter.node}`}
    and ${filter.cursor === undefined ? sql`true` : sql`m.number < ${parseCursor(filter.cursor)}`}`;
  return page(await readMachines(db, where, filter.limit + 1), filter.limit);
}

/** A machine by id or name. @throws WarmpoolError NOT_FOUND. */
export async function getMachine(db: Db, idOrName: string): Promise<MachineView> {
  const [found] = await readMachines(db, whichMachine(idOrName), 1);
  if (found === undefined)
    throw new WarmpoolError("NOT_FOUND", `there is no machine with the id or name ${idOrName}`);
  const { cursor: _, ...machine } = found;
  return machine;
}

/** The machine (alias `m`) of that id or name. An orphan that was adopted has the name of the row it had once. */
export function whichMachine(idOrName: string): SQL {
  const byId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(idOrName);
  return byId
    ? sql`m.id = ${idOrName}`
    : sql`m.id = (select id from machines where name = ${idOrName} order by number desc limit 1)`;
}
