import * as z from "zod";
import { eventKind } from "./event.ts";
import { keysOf } from "./keysOf.ts";
import { moment, nodeName, poolName } from "./names.ts";
import { OPERATION_KINDS, OPERATION_STATES } from "./operation.ts";
import { recordOf } from "./record.ts";

/** Every state a machine can be in; the legal moves between them are in src/domain/core/states.ts. */
export const MACHINE_STATES = [
  "provisioning",
  "ready",
  "suspect",
  "assigned",
  "held",
  "deleting",
  "deleted",
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

/** How far a machine in `provisioning` has come. */
export const MACHINE_PHASES = ["queued", "cloning", "booting", "joining", "checking"] as const;
export type MachinePhase = (typeof MACHINE_PHASES)[number];

/** `unknown` is "could not ask" and never counts as `dead`. */
export const PROBE_ANSWERS = ["alive", "dead", "unknown"] as const;
export type ProbeAnswer = (typeof PROBE_ANSWERS)[number];

/** An SSH host key; `key` is the base64 blob, `fingerprint` is `SHA256:…` as `ssh-keygen -l` prints it. */
export const hostKey = z.strictObject({
  type: z.literal("ssh-ed25519"),
  key: z.string().regex(/^[A-Za-z0-9+/=]{40,200}$/, "must be base64"),
  fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "must be SHA256:… as ssh-keygen -l prints it"),
});
export type HostKey = z.infer<typeof hostKey>;

/** Where something listens: a host name or address, and a TCP port. It becomes part of command lines that people copy. */
export const endpoint = z.strictObject({
  host: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9:.][A-Za-z0-9:._%-]*$/, "must be a host name or an address"),
  port: z.int().min(1).max(65_535),
});
export type Endpoint = z.infer<typeof endpoint>;

/** The name of a machine that was made elsewhere, as its node has it. */
export const importedName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be letters, digits, ., _ or -, 100 at most");

/** A host key as somebody has noted it: a fingerprint, or a public key with or without a comment. */
export const expectedHostKey = z
  .string()
  .max(500)
  .regex(
    /^(SHA256:[A-Za-z0-9+/]{43}|ssh-ed25519 [A-Za-z0-9+/=]{40,200}( .*)?)$/,
    "must be SHA256:… as ssh-keygen -l prints it, or the line of an ssh-ed25519 public key",
  );

/** A relay's proof that a machine is gone: a complete listing, begun after the delete returned, without it. */
export const receipt = z.strictObject({
  kind: z.literal("listed"),
  listingStartedAt: z.iso.datetime(),
  /** `volumes`: the listing covered its disks; `none`: the driver cannot list disks. */
  storageProof: z.enum(["volumes", "none"]),
});
export type ListedReceipt = z.infer<typeof receipt>;

/**
 * Why a row is `deleted`. `never-started`: no relay ever began its create. `forgotten`: an admin took it off the
 * books without proof; a VM that is still there is an orphan.
 */
const anyReceipt = z.discriminatedUnion("kind", [
  receipt,
  z.strictObject({
    kind: z.literal("never-started"),
    listingStartedAt: z.null(),
    storageProof: z.literal("none"),
  }),
  z.strictObject({
    kind: z.literal("forgotten"),
    listingStartedAt: z.null(),
    storageProof: z.literal("none"),
    by: z.string(),
    note: z.string().nullable(),
  }),
]);
export type Receipt = z.infer<typeof anyReceipt>;

/** What a person may do with one machine; each is possible in some states and not in others. */
export const MACHINE_ACTIONS = [
  "recreate",
  "restart",
  "hold",
  "unhold",
  "cut",
  "uncut",
  "forget",
  "release",
] as const;
export type MachineAction = (typeof MACHINE_ACTIONS)[number];

/** Who holds a machine back, since when, and what they noted. */
const hold = z.strictObject({ by: z.string(), at: moment, note: z.string().nullable() });
export type Hold = z.infer<typeof hold>;

/** Who ended the access to a machine, by having it stopped; `doneAt` is null until its node has stopped it. */
const cut = z.strictObject({
  by: z.string(),
  at: moment,
  note: z.string().nullable(),
  doneAt: moment.nullable(),
});
export type Cut = z.infer<typeof cut>;

/** A machine as an operator sees it. */
export const machineView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    /** Null for an orphan that was adopted: it is no pool's. */
    pool: z.string().nullable(),
    node: z.string(),
    state: z.enum(MACHINE_STATES),
    phase: z.enum(MACHINE_PHASES).nullable(),
    /** What the relay dials. */
    host: z.string().nullable(),
    port: z.int().nullable(),
    /** What the tester dials. */
    access: endpoint.nullable(),
    hostKey: hostKey.nullable(),
    driver: z.string().nullable(),
    driverRef: z.string().nullable(),
    stale: z.boolean(),
    suspectSince: moment.nullable(),
    readyAt: moment.nullable(),
    createdAt: moment,
    /** When the node showed it and no row knew it; null for what was made here. */
    adoptedAt: moment.nullable(),
    /** When it was imported with its tester; null for what was made here. */
    importedAt: moment.nullable(),
    /** An orphan is stopped, and deleted only then; null for what goes at once. */
    keepUntil: moment.nullable(),
    deletedAt: moment.nullable(),
    assignment: z.strictObject({ id: z.string(), username: z.string() }).nullable(),
    lastProbe: z
      .strictObject({ at: moment, answer: z.enum(PROBE_ANSWERS), cause: z.string().nullable() })
      .nullable(),
    /** Set while `held`. */
    hold: hold.nullable(),
    /** Set while nobody may get onto it. */
    cut: cut.nullable(),
    /** The work under way on it; `error` is how its last try ended. */
    operation: z
      .strictObject({
        kind: z.enum(keysOf(OPERATION_KINDS)),
        state: z.enum(keysOf(OPERATION_STATES)),
        attempt: z.int(),
        error: z.string().nullable(),
        since: moment,
      })
      .nullable(),
    /** What may be done with it now: null where it may, else why not. */
    can: recordOf(z.enum(MACHINE_ACTIONS), z.string().nullable()),
    receipt: anyReceipt.nullable(),
    /** What a failed create left behind to look at: causes and tails, 64 KiB at most. */
    evidence: recordOf(z.string(), z.string()).nullable(),
  })
  .meta({ id: "Machine" });
export type MachineView = z.infer<typeof machineView>;

export const machineListInput = z.strictObject({
  pool: poolName.optional(),
  state: z.enum(MACHINE_STATES).optional(),
  node: nodeName.optional(),
  cursor: z.string().max(200).optional(),
  limit: z.int().min(1).max(500).default(50),
});

/** A machine by its id or its name. */
export const machineGetInput = z.strictObject({ id: z.string().min(1).max(100) });

/**
 * `reassign`: where a tester has it, they get another machine and their set-up runs again there. What is left of this
 * one is held for a person to look at.
 */
export const machineRecreateInput = z.strictObject({
  ...machineGetInput.shape,
  reassign: z.boolean().default(false),
});

/** A person's words for the record. */
const note = z.string().trim().min(1, "must not be empty").max(500).optional();

/** A machine by its id or its name, and why it is held or forgotten. */
export const machineNoteInput = z.strictObject({ ...machineGetInput.shape, note });

/** `cursor` is the `nextCursor` of the page before. */
export const timelineInput = z.strictObject({
  ...machineGetInput.shape,
  cursor: z.string().max(200).optional(),
  limit: z.int().min(1).max(500).default(500),
});

/**
 * One thing that happened to a machine, oldest first. `kind` is `machine` for a change of its state (`from` is null
 * where it began), `assignment` for one of its assignment, else what it is about. `attempt` counts the tries of the
 * operation that it ended; `seconds` is how long the machine was in `to` (until now for its present state).
 */
export const timelineEntry = z
  .strictObject({
    id: z.int(),
    at: moment,
    kind: eventKind,
    from: z.string().nullable(),
    to: z.string().nullable(),
    actor: z.string(),
    reason: z.string(),
    attempt: z.int().nullable(),
    seconds: z.number().nullable(),
    /** The tester, where it is about an assignment. */
    username: z.string().nullable(),
    data: recordOf(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "TimelineEntry" });
export type TimelineEntry = z.infer<typeof timelineEntry>;
