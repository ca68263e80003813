import { z } from "zod";

/** What an environment of wrangler.toml has to have before it is deployed. Pure. */

/** As wrangler itself reads the file, for one environment. */
export const workerSettings = z.object({
  name: z.string(),
  compatibility_date: z.string(),
  minify: z.boolean().optional(),
  placement: z.record(z.string(), z.string()).optional(),
  observability: z.object({ enabled: z.boolean().optional() }).optional(),
  limits: z.object({ cpu_ms: z.number().optional() }).optional(),
  assets: z.object({ directory: z.string().optional(), binding: z.string().optional() }).optional(),
  hyperdrive: z.array(z.object({ binding: z.string(), id: z.string() })).default([]),
  triggers: z.object({ crons: z.array(z.string()).optional() }).optional(),
  vars: z.record(z.string(), z.unknown()).default({}),
});
export type WorkerSettings = z.infer<typeof workerSettings>;

/** Names only: their values are put with `wrangler secret put NAME --env ENV` and are in no file. */
export const SECRETS = {
  required: ["WARMPOOL_ADMIN_TOKEN"],
  optional: ["WARMPOOL_SECRET_KEY", "WARMPOOL_WEBHOOK_URL", "WARMPOOL_WEBHOOK_SECRET"],
} as const;

/** What is wrong with the settings, a sentence each. */
export function settingsProblems(settings: WorkerSettings): string[] {
  const { minify, placement, observability, assets, hyperdrive, triggers, limits, vars } = settings;
  const secrets: readonly string[] = [...SECRETS.required, ...SECRETS.optional];
  return [
    ...(minify === true ? [] : ["minify is not on: the bundle budget counts on it."]),
    ...(placement === undefined || placement["mode"] === "smart"
      ? ["placement names neither region nor host: every query then crosses the way to the database."]
      : []),
    ...(observability?.enabled === true
      ? []
      : ["observability is not on: nothing would say why a request failed."]),
    ...(limits?.cpu_ms === undefined
      ? ["limits.cpu_ms is not set: a loop would cost what the plan allows."]
      : []),
    ...(assets?.binding === "ASSETS" ? [] : ["assets has no binding ASSETS: there would be no dashboard."]),
    ...(hyperdrive.some(({ binding }) => binding === "HYPERDRIVE")
      ? []
      : ["hyperdrive has no binding HYPERDRIVE: the Worker would have no database."]),
    ...(triggers?.crons?.includes("* * * * *") === true
      ? []
      : ["triggers has no cron of every minute: nothing would sweep."]),
    ...secrets
      .filter((name) => Object.hasOwn(vars, name))
      .map((name) => `vars has ${name}, which is a secret: put it with wrangler secret put ${name}.`),
  ];
}

/** The id in the file is no Hyperdrive's yet: enough for a dry run. */
export function isPlaceholder({ hyperdrive }: WorkerSettings): boolean {
  return hyperdrive.some(({ id }) => /^0*$/.test(id));
}

/** Secrets that are required and are not among those that the Worker has. */
export function missingSecrets(names: readonly string[]): string[] {
  return SECRETS.required.filter((name) => !names.includes(name));
}
