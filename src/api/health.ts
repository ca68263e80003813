import { DATABASE_DOWN } from "../contract/outage.ts";
import { NOT_MIGRATED } from "../contract/schema.ts";
import type { HealthView } from "../contract/sweep.ts";
import { heartbeats } from "../cron/sweep.ts";
import type { Db } from "../db/client.ts";
import { isNotMigrated } from "../db/failure.ts";
import { missingColumns } from "../domain/installation/schema.ts";

/**
 * Whether the edge works: the database responds and has the schema of this version, and no duty is late.
 * @param settings what is wrong with the deployment's settings
 * @param limitMs how long the database may take: one that hangs would otherwise be reported only after a probe has given up
 */
export async function health(db: Db, settings: readonly string[], limitMs = 4000): Promise<HealthView> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const [missing, beats] = await Promise.race([
      Promise.all([missingColumns(db), heartbeats(db)]),
      new Promise<never>((_, reject) => (timer = setTimeout(reject, limitMs, new Error(DATABASE_DOWN)))),
    ]);
    const wrong = [...settings, ...(missing.length > 0 ? [NOT_MIGRATED] : [])];
    if (wrong.length > 0) return { status: "failing", problems: wrong };
    if (beats.every((beat) => beat.lastStartAt === null)) return { status: "starting", problems: [] };
    const problems = beats.flatMap((beat) => {
      if (beat.late) return [`duty ${beat.duty} is late: last ended ${beat.lastEndAt ?? "never"}`];
      if (beat.outcome === "failed")
        return [`duty ${beat.duty} failed at ${beat.lastEndAt ?? "its last run"}`];
      return [];
    });
    return { status: problems.length === 0 ? "ok" : "failing", problems };
  } catch (error) {
    const why = isNotMigrated(error) ? NOT_MIGRATED : DATABASE_DOWN;
    return { status: "failing", problems: [...settings, why] };
  } finally {
    clearTimeout(timer);
  }
}
