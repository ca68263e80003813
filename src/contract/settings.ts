import * as z from "zod";

const DAY = 86_400;

/** The least and the most of each; docs/settings.md says why each has its default. */
export const SETTING_BOUNDS = {
  eventRetentionDays: { min: 1, max: 3660 },
  historyRetentionDays: { min: 1, max: 366 },
  orphanKeepSeconds: { min: 0, max: 30 * DAY },
  extendCeilingSeconds: { min: 60, max: 366 * DAY },
  waitingTooLongSeconds: { min: 1, max: 7 * DAY },
} as const;

/** What an operator tunes for the whole installation. */
export const installationSettings = z
  .strictObject({
    /** How long events are kept, and what else only tells of the past: finished operations, ended messages and tokens. */
    eventRetentionDays: within(SETTING_BOUNDS.eventRetentionDays),
    /** How long the samples of pools are kept, of which charts are drawn. */
    historyRetentionDays: within(SETTING_BOUNDS.historyRetentionDays),
    /** For how long an orphan that goes by itself is kept after it was stopped, before it is deleted: 0 deletes it at once. */
    orphanKeepSeconds: within(SETTING_BOUNDS.orphanKeepSeconds),
    /** How long an assignment can be made to last by extending it, counted from when it became active. */
    extendCeilingSeconds: within(SETTING_BOUNDS.extendCeilingSeconds),
    /** Of whom the webhook is told that they wait too long for a machine: of those who have waited for longer. */
    waitingTooLongSeconds: within(SETTING_BOUNDS.waitingTooLongSeconds),
  })
  .meta({ id: "Settings" });
export type InstallationSettings = z.infer<typeof installationSettings>;
export type SettingName = keyof InstallationSettings;

/** Those that are named change; the others stay. */
export const settingsPutInput = installationSettings
  .partial()
  .refine((settings) => Object.keys(settings).length > 0, "names no setting; give at least one");

function within({ min, max }: { min: number; max: number }) {
  return z.int().min(min).max(max);
}
