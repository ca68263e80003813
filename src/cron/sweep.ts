import { sql } from "drizzle-orm";
import { DUTIES, type Duty, type DutyHeartbeat, type DutyOutcome } from "../contract/sweep.ts";
import { type Db, iso, rows } from "../db/client.ts";
import { describeFailure } from "../db/failure.ts";
import type { Actor } from "../domain/core/reasons.ts";
import { SETTINGS } from "../domain/core/limits.ts";
import { isSilent } from "../domain/core/nodeSilence.ts";
import { tell } from "../domain/core/event.ts";
import type { WebhookSetting } from "../domain/webhook/receiver.ts";
import { changesOf, type DutyReport, RUN } from "./duties.ts";

/** How a duty ended, and what it reported; null where it failed. */
export type DutyEnd = DutyOutcome & { report: DutyReport | null };

/**
 * Runs all duties in order. One that fails is noted and does not stop the next. Sweeps may overlap: each duty
 * guards what it changes by row locks, so a second one finds nothing left to do.
 */
export async function sweep(db: Db, webhook: WebhookSetting = null): Promise<DutyEnd[]> {
  await expectAll(db).catch(() => {
    // The duties say the same of a database that fails.
  });
  const outcomes: DutyEnd[] = [];
  for (const duty of DUTIES) outcomes.push(await runDuty(db, duty, webhook));
  return outcomes;
}

/** From the first sweep on each duty is waited for: one that no sweep has ever reached is late like any other. */
async function expectAll(db: Db): Promise<void> {
  const all = DUTIES.map((duty) => sql`(${duty}, now())`);
  await db.execute(sql`
    insert into duties (duty, last_start_at) values ${sql.join(all, sql`, `)} on conflict (duty) do nothing`);
}

/** Runs all duties because somebody wants it now, on record. */
export async function sweepFor(
  db: Db,
  actor: Actor,
  webhook: WebhookSetting = null,
): Promise<{ duties: DutyOutcome[] }> {
  const ends = await sweep(db, webhook);
  const after = Object.fromEntries(
    ends.map(({ duty, outcome, changes, report }) => [duty, { outcome, changes, report }]),
  );
  await tell(db, { kind: "sweep", actor, reason: "asked_for", before: null, after });
  return { duties: ends.map(({ report: _, ...outcome }) => outcome) };
}

async function runDuty(db: Db, duty: Duty, webhook: WebhookSetting): Promise<DutyEnd> {
  try {
    await db.execute(sql`
      insert into duties (duty, last_start_at) values (${duty}, now())
      on conflict (duty) do update set last_start_at = now()`);
    const report = await RUN[duty](db, webhook);
    const changes = changesOf(report);
    await end(db, duty, "done", changes, null);
    return { duty, outcome: "done", changes, error: null, report };
  } catch (cause) {
    const error = describeFailure(cause);
    await end(db, duty, "failed", 0, error).catch(() => {
      // The database is what failed: the heartbeat stays old, and health turns red by its age.
    });
    return { duty, outcome: "failed", changes: 0, error, report: null };
  }
}

async function end(
  db: Db,
  duty: Duty,
  outcome: "done" | "failed",
  changes: number,
  error: string | null,
): Promise<void> {
  await db.execute(sql`
    update duties set last_end_at = now(), outcome = ${outcome}, changes = ${changes}, error = ${error}
    where duty = ${duty}`);
}

/** The heartbeats, in the order the duties run. */
export async function heartbeats(db: Db): Promise<DutyHeartbeat[]> {
  const found = await rows<DutyHeartbeat>(
    db,
    sql`select duty, ${iso(sql`last_start_at`)} as "lastStartAt", ${iso(sql`last_end_at`)} as "lastEndAt", outcome, error,
        coalesce(last_end_at, last_start_at) < now() - make_interval(secs => ${SETTINGS.dutyLateSeconds}) as late
      from duties`,
  );
  const byDuty = new Map(found.map((row) => [row.duty, row]));
  return DUTIES.map(
    (duty) =>
      byDuty.get(duty) ?? {
        duty,
        lastStartAt: null,
        lastEndAt: null,
        outcome: null,
        error: null,
        late: false,
      },
  );
}

/**
 * True for one caller when the last sweep began too long ago, or none ever did: the trigger was lost, and whoever asks
 * runs it instead. Also if a node has fallen silent and no sweep has recorded that yet: the sweep moves what no relay has
 * started there to other nodes, and testers may be waiting for it.
 */
export async function takeOverdueSweep(db: Db): Promise<boolean> {
  const taken = await rows(
    db,
    sql`insert into duties (duty, last_start_at) values (${DUTIES[0]}, now())
      on conflict (duty) do update set last_start_at = now()
        where duties.last_start_at < now() - make_interval(secs => ${SETTINGS.dutyLateSeconds / 2})
          or duties.last_start_at < now() - make_interval(secs => ${SETTINGS.sweepAgainSeconds})
            and exists (select 1 from nodes n where n.state <> 'silent' and ${isSilent()})
      returning duty`,
  );
  return taken.length > 0;
}
