import type { HealthView } from "../contract/sweep.ts";
import { heartbeats } from "../cron/sweep.ts";
import type { Db } from "../db/client.ts";

/**
 * Whether the edge can do its work: the database answers and no duty is late.
 * @param settings what is wrong with the deployment's settings
 */
export async function health(db: Db, settings: readonly string[]): Promise<HealthView> {
  const beats = await heartbeats(db).catch(() => null);
  if (beats === null) return { status: "failing", problems: [...settings, "the database cannot be asked"] };
  if (settings.length > 0) return { status: "failing", problems: [...settings] };
  if (beats.every((beat) => beat.lastStartAt === null)) return { status: "starting", problems: [] };
  const problems = beats.flatMap((beat) => {
    if (beat.late) return [`duty ${beat.duty} is late: last ended ${beat.lastEndAt ?? "never"}`];
    if (beat.outcome === "failed") return [`duty ${beat.duty} failed at ${beat.lastEndAt ?? "its last run"}`];
    return [];
  });
  return { status: problems.length === 0 ? "ok" : "failing", problems };
}
