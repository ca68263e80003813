import { type SQL, sql } from "drizzle-orm";
import { own } from "../contract/own.ts";
import type { MachineState } from "../contract/machine.ts";
import type { OperationResult } from "../contract/operationResult.ts";
import { provesAbsence } from "../contract/listing.ts";
import { type Db, iso, rows } from "../db/client.ts";
import type { NotAlive } from "../db/tables/machines.ts";
import { followAddresses } from "./addresses.ts";
import { judgeNodeBrake } from "./braking.ts";
import { cutAgain } from "./cuts.ts";
import { noteDriver } from "./driverProblem.ts";
import { type Heard, judge, type Verdict } from "./health.ts";
import { strangers, tellStrangeKeys } from "./hostKeys.ts";
import { judgeListing } from "./reaping.ts";
import { lockMachines, lockWork } from "./locks.ts";
import { keptListing } from "./nodes.ts";
import type { Actor } from "./reasons.ts";
import { askAgain, queueRecheck } from "./probeQueue.ts";
import { tearDown } from "./teardown.ts";
import { tellTesterMachines } from "./testerMachines.ts";
import { json, moveMachines, tell } from "./transition.ts";

export type Probed = Extract<OperationResult, { outcome: "probed" }>;

type Judged = {
  id: string;
  name: string;
  pool: string;
  state: MachineState;
  strikes: number;
  failureThreshold: number;
  paused: boolean;
  /** Whether its access is cut, so that it has to be stopped. */
  cut: boolean;
};

/** The node as it stood when the probe's result came in; its row was locked before that was read. */
type Standing = {
  scope: "suspects" | null;
  /** It has come back, and nothing of it is proven yet. */
  returning: boolean;
  /** The probe began after the node's return and brought a complete listing: claims start again. */
  returns: boolean;
  notAlive: Record<string, NotAlive>;
  braked: boolean;
  /** When the probe began. */
  at: string;
};

/**
 * Judges a probe in the transaction that stores it; the node's row is locked before. A healthy one writes the node's row and nothing else.
 * Only machines that were probed are judged: one that was made or handed out meanwhile is not in the answers, one that
 * was being restarted was bound to be silent, and one whose state moved since then is judged by the state it has now.
 * @returns pools in which a machine moved, for `match` and `replenish`.
 */
export async function judgeProbe(
  tx: Db,
  node: string,
  operation: { id: string },
  probed: Probed,
): Promise<string[]> {
  const actor: Actor = `node:${node}`;
  const standing = await readStanding(tx, node, operation.id, probed);
  const machines = await hearMachines(tx, node, operation.id, probed);
  const notAlive = notAliveOf(machines, standing);
  await noteProbe(tx, node, operation.id, standing, probed, notAlive);
  await noteDriver(tx, node, "list", probed.driverProblem ?? null);
  await lockHeard(tx, node, machines, probed);
  await followAddresses(tx, node, probed.answers, actor);
  await tellStrangeKeys(tx, node, machines, standing.notAlive);
  await tellTesterMachines(tx, node, machines, standing.notAlive, notAlive);
  const brake = await brakeAfter(tx, node, standing, notAlive, actor);
  if (standing.scope === null) {
    await judgeListing(tx, node, operation.id, probed.listing, brake.mayTearDown, actor);
  }
  await cutAgain(
    tx,
    machines.filter(({ known, heard }) => known.cut && isUp(heard)).map(({ known }) => known.id),
    actor,
  );
  const touched = new Set<string>();
  for (const { known, heard } of machines) {
    const verdict = judge(
      {
        ...known,
        counts: brake.counts && standing.scope === null,
        mayTearDown: brake.mayTearDown && !known.paused,
        nodeReturns: standing.returns,
      },
      heard,
    );
    await apply(tx, actor, known, verdict, heard.cause);
    if (verdict.move !== null) touched.add(known.pool);
  }
  if (Object.keys(notAlive).length > 0) await queueRecheck(tx, node);
  if (!standing.returns) {
    if (standing.returning && standing.scope === null) await askAgain(tx, node);
    return [...touched];
  }
  await tell(tx, { kind: "node", actor, reason: "probed", node, before: "returning", after: "online" });
  const pools = await rows<{ name: string }>(tx, sql`select name from pools`);
  return pools.map((pool) => pool.name);
}

async function readStanding(tx: Db, node: string, operation: string, probed: Probed): Promise<Standing> {
  const [row] = await rows<Standing>(
    tx,
    sql`select o.scope, ${iso(sql`o.first_leased_at`)} as at, n.state = 'returning' as returning, n.not_alive as "notAlive", exists (select 1 from brakes b where b.node = n.name) as braked,
        n.state = 'returning' and o.scope is null and o.first_leased_at >= n.session_at
          and ${probed.listing?.complete === true} as returns
      from nodes n, operations o where n.name = ${node} and o.id = ${operation}`,
  );
  if (row === undefined) throw new Error(`the node ${node} of a probe is gone`);
  return row;
}

/** Spares the question where the answer is plain: no brake stands, and too few are dead to trip one. */
async function brakeAfter(
  tx: Db,
  node: string,
  { scope, braked }: Standing,
  notAlive: Record<string, NotAlive>,
  actor: Actor,
): Promise<{ counts: boolean; mayTearDown: boolean }> {
  if (scope === null && !braked && Object.keys(notAlive).length < 2)
    return { counts: true, mayTearDown: true };
  return judgeNodeBrake(tx, node, scope === null ? "all" : "some", actor);
}

/** Whether a machine may be running, for all that was heard: it answers, or its node does not say that it is stopped. */
function isUp({ answer, down, listed }: Heard): boolean {
  return answer !== "unknown" && down === undefined && listed !== false;
}

type HeardMachine = { known: Judged; heard: Heard & { presented: string | null } };

/** The node's machines that this probe asked, each with what it heard. */
async function hearMachines(
  tx: Db,
  node: string,
  operation: string,
  probed: Probed,
): Promise<HeardMachine[]> {
  const known = await rows<Judged>(
    tx,
    sql`select m.id, m.name, m.pool, m.state, m.strikes, (p.spec ->> 'failureThreshold')::int as "failureThreshold",
        p.paused, m.cut is not null as cut
      from machines m join pools p on p.name = m.pool, operations o
      where o.id = ${operation} and m.node = ${node} and m.state in ('ready', 'suspect', 'assigned', 'held')
        and m.ready_at < o.first_leased_at and coalesce(m.restarted_at < o.first_leased_at, true)
        and not exists (select 1 from operations r where r.machine = m.id and r.kind in ('restart', 'cut')
          and r.state in ('queued', 'leased', 'cancelling'))`,
  );
  const answers = new Map(probed.answers.map((answer) => [answer.id, answer]));
  const listed = provesAbsence(probed.listing) ? new Set(probed.listing.names) : null;
  // What is said of machines that are not this node's, or that it was not asked about, is nobody's.
  const strange = await strangers(
    tx,
    known.flatMap(({ id }) => answers.get(id) ?? []),
  );
  return known.flatMap((machine) => {
    const answer = answers.get(machine.id);
    if (answer === undefined) return [];
    const sibling = answer.presented === undefined ? undefined : strange.siblings.get(answer.presented);
    const heard = {
      answer: answer.answer,
      cause:
        sibling === undefined
          ? answer.cause
          : `another machine of ours, ${sibling}, answers at its address: the address is wrong`,
      listed: listed === null ? null : listed.has(machine.name),
      ...(answer.absent === true
        ? { down: "absent" as const }
        : answer.stopped === true
          ? { down: "stopped" as const }
          : {}),
      presented: answer.presented ?? null,
      strangeKey: strange.ids.has(machine.id),
    };
    return [{ known: machine, heard }];
  });
}

/**
 * Locks those machines that what was heard may change, and before them the work on those that may go down: all at once,
 * because one by one as they were heard is another order than everybody else's.
 */
async function lockHeard(
  tx: Db,
  node: string,
  machines: readonly HeardMachine[],
  { answers }: Probed,
): Promise<void> {
  const moved = answers.flatMap(({ id, moved: to }) => (to === undefined ? [] : [id]));
  const changed = machines.flatMap(({ known, heard }) => {
    const isFine = heard.answer === "alive" && heard.listed !== false;
    return isFine && known.strikes === 0 && known.state !== "suspect" ? [] : [known.id];
  });
  const ids = [...new Set([...moved, ...changed])];
  if (ids.length === 0) return;
  const which = sql`select id from machines
    where node = ${node} and id in (select i::uuid from jsonb_array_elements_text(${json(ids)}) i)`;
  await lockWork(tx, which);
  await lockMachines(tx, which);
}

function notAliveOf(machines: readonly HeardMachine[], before: Standing): Record<string, NotAlive> {
  const notAlive = new Map<string, NotAlive>();
  for (const { known, heard } of machines) {
    const since = own(before.notAlive, known.id)?.since ?? before.at;
    if (heard.listed === false)
      notAlive.set(known.id, { answer: "dead", cause: "not in the node's listing", since, down: "absent" });
    else if (heard.answer !== "alive") {
      const { answer, cause, presented } = heard;
      notAlive.set(known.id, {
        answer,
        cause,
        since,
        ...(heard.down === undefined ? {} : { down: heard.down }),
        ...(heard.strangeKey && presented !== null ? { presented } : {}),
      });
    }
  }
  return Object.fromEntries(notAlive);
}

/** Notes on the node's row what was heard; a second look changes only what it asked about. */
async function noteProbe(
  tx: Db,
  node: string,
  operation: string,
  { scope, returns }: Standing,
  probed: Probed,
  notAlive: Record<string, NotAlive>,
): Promise<void> {
  const asked = probed.answers.map(({ id }) => id);
  await tx.execute(
    scope === null
      ? sql`update nodes set last_probe_at = (select first_leased_at from operations where id = ${operation}),
          last_seen_at = now(), not_alive = ${json(notAlive)}, listing = coalesce(${keptListing(probed.listing)}, listing)
          ${returns ? sql`, state = 'online'` : sql``}
        where name = ${node}`
      : sql`update nodes set not_alive =
          (not_alive - array(select jsonb_array_elements_text(${json(asked)}))) || ${json(notAlive)}
        where name = ${node}`,
  );
}

async function apply(
  tx: Db,
  actor: Actor,
  machine: Judged,
  verdict: Verdict,
  cause: string | null,
): Promise<void> {
  const which = sql`select ${machine.id}::uuid`;
  if (verdict.move === null) {
    if (verdict.strikes === machine.strikes) return;
    await tx.execute(sql`update machines set strikes = ${verdict.strikes} where id = ${machine.id}`);
    return;
  }
  const move = {
    actor,
    reason: verdict.reason,
    data: { cause, strikes: verdict.strikes },
    from: [machine.state],
  };
  if (verdict.move === "deleting") {
    await tearDown(tx, which, move);
    return;
  }
  await moveMachines(tx, which, {
    ...move,
    ...columnsOf(verdict.move, verdict.strikes, actor, cause),
    to: verdict.move,
  });
}

/** What a move writes besides the state: a held machine says by whom and why, like one that an admin held. */
function columnsOf(to: MachineState, strikes: number, actor: Actor, cause: string | null): { set?: SQL } {
  if (to === "suspect") return { set: sql`strikes = ${strikes}` };
  if (to !== "held") return {};
  const hold = sql`jsonb_build_object('by', ${actor}::text, 'at', ${iso(sql`now()`)}, 'note', ${cause}::text)`;
  return { set: sql`hold = ${hold}` };
}
