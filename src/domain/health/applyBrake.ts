import { sql } from "drizzle-orm";
import { type Db, iso, rows } from "../../db/client.ts";
import { type BrakeFacts, judgeBrake, type Tally } from "./brake.ts";
import { notAlive } from "./notAlive.ts";
import { canaryBackoffSeconds } from "../core/backoff.ts";
import { isBrakeOn } from "../core/live.ts";
import { lockMachines } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { json, tell } from "../core/event.ts";
import { type Change, touch } from "../core/touched.ts";

/**
 * Applies the decisions of src/domain/health/brake.ts to the row in `brakes`. Everybody who changes it, or what it is decided
 * from, holds the node's row lock first.
 */
type Row = { cause: string | null; releasedBy: string | null; standing: boolean; sinceRelease: boolean } & {
  machines: Tally;
  witnesses: Tally;
};

/**
 * Judges the node's brake by what is stored of its machines' last answers, and sets or lifts it.
 * @param asked whether all machines were probed now, or only some.
 * @returns whether strikes count, and whether machines that have enough of them may be torn down.
 */
export async function judgeNodeBrake(
  tx: Change,
  node: string,
  asked: "all" | "some",
  actor: Actor,
): Promise<{ counts: boolean; mayTearDown: boolean }> {
  const [row] = await rows<Row>(tx, facts(node));
  if (row === undefined) return { counts: true, mayTearDown: true };
  const { machines, witnesses } = row;
  const standing: BrakeFacts["standing"] = row.standing ? { released: releasedBy(row.releasedBy) } : null;
  const whole = asked === "all" && row.sinceRelease;
  const { step, mayTearDown } = judgeBrake({ standing, machines, witnesses, whole });
  if (step === "trip") {
    await tx.execute(sql`
      insert into brakes (node, dead, answered, cause)
      values (${node}, ${machines.dead}, ${machines.answered}, ${row.cause})`);
  }
  if (step === "renew") {
    await tx.execute(sql`
      update brakes set released_at = null, released_by = null, canary_not_before = now() where node = ${node}`);
  }
  if (step === "lift") {
    await tx.execute(sql`delete from brakes where node = ${node}`);
    touch(tx.touched, ["every pool"]);
  }
  if (step !== "none") {
    const reason = step === "lift" ? "brake_lifted" : "braked";
    await tell(tx, { kind: "node", actor, reason, node, data: { ...machines, cause: row.cause } });
  }
  // Dead answers of a probe begun before the release belong to the outage and count for nothing.
  return { counts: mayTearDown && (standing === null || row.sinceRelease), mayTearDown };
}

function facts(node: string) {
  const tally = (which: ReturnType<typeof sql>) => sql`jsonb_build_object(
    'probed', count(m.id) filter (where ${which}),
    'answered', count(m.id) filter (where ${which} and h.answer is distinct from 'unknown'),
    'dead', count(m.id) filter (where ${which} and h.answer = 'dead'))`;
  return sql`
    select b.node is not null as standing, b.released_by as "releasedBy",
      coalesce(n.last_probe_at >= b.released_at, false) or b.node is null as "sinceRelease",
      min(h.cause) filter (where h.answer = 'dead') as cause,
      ${tally(sql`true`)} as machines, ${tally(sql`m.ready_at >= b.released_at`)} as witnesses
    from nodes n
    left join brakes b on b.node = n.name
    left join machines m on m.node = n.name and m.state in ('ready', 'suspect', 'assigned') and m.cut is null
      and (m.ready_at < n.last_probe_at or n.not_alive ? m.id::text)
    left join lateral (
      select ${notAlive("answer")} as answer, ${notAlive("cause")} as cause) h on true
    where n.name = ${node} group by n.name, b.node`;
}

function releasedBy(actor: string | null): "canary" | "person" | null {
  if (actor === null) return null;
  return actor.startsWith("node:") ? "canary" : "person";
}

/** A set-up could not reach its machine: that counts like a dead answer. Call it before the machine's row is locked. */
export async function noteMiss(
  tx: Change,
  missed: { node: string; machine: string; cause: string },
  actor: Actor,
): Promise<void> {
  const heard = json({ answer: "dead", cause: `missed by a set-up: ${missed.cause}` });
  const since = sql`coalesce(not_alive -> ${missed.machine}::text ->> 'since', ${iso(sql`now()`)})`;
  await tx.execute(sql`update nodes set not_alive = not_alive
    || jsonb_build_object(${missed.machine}::text, ${heard} || jsonb_build_object('since', ${since}))
    where name = ${missed.node}`);
  await judgeNodeBrake(tx, missed.node, "some", actor);
}

/** A machine of the node became ready: if there is a brake, it was the canary. */
export async function canaryReady(tx: Change, node: string, actor: Actor): Promise<void> {
  if (await releaseBrake(tx, node, actor))
    await tell(tx, { kind: "node", actor, reason: "canary_ready", node });
}

/**
 * A create failed. On a braked node that was the canary: it is tried again later, and does not count against its pool.
 * @returns whether it was.
 */
export async function canaryFailed(
  tx: Db,
  node: string,
  failed: { reason: string; message: string },
): Promise<boolean> {
  const [brake] = await rows<{ tries: number }>(
    tx,
    sql`update brakes set canary_tries = canary_tries + 1, canary_failure = ${failed.reason},
        canary_error = ${failed.message}
      where node = ${node} and ${isBrakeOn()} returning canary_tries as tries`,
  );
  if (brake === undefined) return false;
  const wait = canaryBackoffSeconds(brake.tries, Math.random());
  await tx.execute(sql`
    update brakes set canary_not_before = now() + make_interval(secs => ${wait}) where node = ${node}`);
  return true;
}

/**
 * Strikes start again at zero, and only probes begun from now on count.
 * @returns whether a brake stood that was not released yet.
 */
export async function releaseBrake(tx: Change, node: string, actor: Actor): Promise<boolean> {
  const released = await rows(
    tx,
    sql`update brakes set released_at = now(), released_by = ${actor}
      where node = ${node} and ${isBrakeOn()} returning node`,
  );
  if (released.length === 0) return false;
  touch(tx.touched, ["every pool"]);
  const struck = sql`select id from machines
    where node = ${node} and state in ('ready', 'suspect') and strikes > 0`;
  await lockMachines(tx, struck);
  await tx.execute(sql`update machines set strikes = 0 where id in (${struck})`);
  return true;
}
