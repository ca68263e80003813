import { type SQL, sql } from "drizzle-orm";
import type { InstallationSettings, SettingName } from "../../contract/settings.ts";
import { NOT_MIGRATED } from "../../contract/schema.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "./errors.ts";
import type { Actor } from "./reasons.ts";
import { SETTINGS } from "./limits.ts";
import { json, tell } from "./event.ts";

/** What the operator tunes, as the installation's row has it; what was never set has its default. */
export const DEFAULTS: InstallationSettings = {
  eventRetentionDays: SETTINGS.eventRetentionDays,
  historyRetentionDays: SETTINGS.historyRetentionDays,
  orphanKeepSeconds: SETTINGS.orphanKeepSeconds,
  extendCeilingSeconds: SETTINGS.extendCeilingSeconds,
  waitingTooLongSeconds: SETTINGS.waitingTooLongSeconds,
};

/** One setting as SQL, a number of what its name says: for a statement that there is anyway. */
export function settingOf(name: SettingName): SQL {
  return sql`coalesce((select (tuned ->> ${name})::int from settings), ${DEFAULTS[name]}::int)`;
}

/** @throws WarmpoolError UNAVAILABLE where the database is not migrated. */
export async function getSettings(db: Db): Promise<InstallationSettings> {
  const [row] = await rows<{ tuned: Partial<InstallationSettings> }>(db, sql`select tuned from settings`);
  if (row === undefined) throw new WarmpoolError("UNAVAILABLE", NOT_MIGRATED);
  return { ...DEFAULTS, ...row.tuned };
}

/** Changes the given settings and writes an event. */
export async function putSettings(
  db: Db,
  given: { [Name in SettingName]?: InstallationSettings[Name] | undefined },
  actor: Actor,
): Promise<InstallationSettings> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from settings for no key update`);
    const before = await getSettings(tx);
    const after = {
      ...before,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    };
    if (JSON.stringify(before) === JSON.stringify(after)) return before;
    await tx.execute(sql`update settings set tuned = ${json(after)}`);
    await tell(tx, { kind: "settings", actor, reason: "settings_changed", before, after });
    return after;
  });
}
