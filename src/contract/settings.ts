import * as z from "zod";

/** What an operator tunes for the whole installation, all in seconds. */
export const installationSettings = z
  .strictObject({
    /**
     * For how long an orphan that goes by itself is kept after it was stopped, before it is deleted: 0 deletes it at
     * once, 30 days at most.
     */
    orphanKeepSeconds: z
      .int()
      .min(0)
      .max(30 * 86_400),
  })
  .meta({ id: "Settings" });
export type InstallationSettings = z.infer<typeof installationSettings>;

/** Those that are named change; the others stay. */
export const settingsPutInput = installationSettings
  .partial()
  .refine((settings) => Object.keys(settings).length > 0, "names no setting");
