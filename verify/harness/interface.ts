import { z } from "zod";

/**
 * The part of the interface that this run looks at, written down a second time on purpose: it imports nothing from
 * src, so an answer that has lost a field fails here. More fields than these are fine.
 */
const hostKey = z.looseObject({ type: z.literal("ssh-ed25519"), key: z.string(), fingerprint: z.string() });
export type HostKey = z.infer<typeof hostKey>;

const date = z.iso.datetime().nullable();

export const assignment = z.looseObject({
  id: z.string(),
  pool: z.string(),
  username: z.string(),
  externalId: z.string().nullable(),
  state: z.enum(["waiting", "setting_up", "active", "failed", "released"]),
  machine: z
    .looseObject({
      id: z.string(),
      name: z.string(),
      host: z.string(),
      port: z.int(),
      user: z.string(),
      hostKey,
    })
    .nullable(),
  outputs: z.record(z.string(), z.string()),
  queue: z.looseObject({ position: z.int(), etaSeconds: z.number().nullable() }).nullable(),
  setup: z
    .looseObject({
      step: z.int(),
      steps: z.int(),
      title: z.string(),
      percent: z.number(),
      attempt: z.int(),
      startedAt: z.iso.datetime(),
    })
    .nullable(),
  swaps: z.int(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  createdAt: z.iso.datetime(),
  activeAt: date,
  expiresAt: date,
  releasedAt: date,
  accessEndedAt: date,
});
export type Assignment = z.infer<typeof assignment>;

export const assignments = z.looseObject({ items: z.array(assignment), nextCursor: z.string().nullable() });

export const assigned = z.looseObject({ created: z.boolean(), assignment });
export type Assigned = z.infer<typeof assigned>;

export const machine = z.looseObject({
  id: z.string(),
  name: z.string(),
  pool: z.string(),
  node: z.string(),
  state: z.enum(["provisioning", "ready", "suspect", "assigned", "held", "deleting", "deleted"]),
  phase: z.string().nullable(),
  host: z.string().nullable(),
  port: z.int().nullable(),
  hostKey: hostKey.nullable(),
  suspectSince: date,
  deletedAt: date,
  assignment: z.looseObject({ id: z.string(), username: z.string() }).nullable(),
  lastProbe: z
    .looseObject({
      at: z.iso.datetime(),
      answer: z.enum(["alive", "dead", "unknown"]),
      cause: z.string().nullable(),
    })
    .nullable(),
  receipt: z.looseObject({}).nullable(),
});
export type Machine = z.infer<typeof machine>;
export const machines = z.looseObject({ items: z.array(machine), nextCursor: z.string().nullable() });

export const nodes = z.array(z.looseObject({ name: z.string() }));

export const pool = z.looseObject({
  spec: z.looseObject({ name: z.string(), targetSize: z.int(), maxSize: z.int(), recipe: z.string() }),
  counts: z.strictObject({
    provisioning: z.int(),
    ready: z.int(),
    suspect: z.int(),
    assigned: z.int(),
    held: z.int(),
    deleting: z.int(),
  }),
  waiting: z.int(),
  conditions: z.array(
    z.looseObject({ type: z.string(), status: z.boolean(), reason: z.string(), message: z.string() }),
  ),
});
export type Pool = z.infer<typeof pool>;

// To 0 and 1 a signal would mean something else.
const pid = z.int().min(2);
export const local = z.looseObject({
  url: z.url(),
  adminToken: z.string(),
  appToken: z.string(),
  databaseUrl: z.string(),
  secretKey: z.string(),
  pids: z.strictObject({ supervisor: pid, edge: pid, relay: pid, postgres: pid }),
});
export type Local = z.infer<typeof local>;

/** An answer of which nothing is looked at. */
export const anything = z.unknown();
