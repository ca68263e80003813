import * as z from "zod";
import { sayIssues } from "./issues.ts";
import { endpoint, PROBE_ANSWERS, receipt } from "./machine.ts";
import type { HostKey, MachineState } from "./machine.ts";
import { inventory } from "./node.ts";
import type { PoolSpec } from "./pool.ts";
import { outputs } from "./progress.ts";
import type { RecipeStep } from "./recipe.ts";
import { recordOf } from "./record.ts";
import { sshPublicKey } from "./sshKey.ts";

/**
 * What a relay and the edge say to each other. A relay joins once (one-time token → credential), opens a session
 * at every start, and then leases operations, renews them, and finishes them. Every call after `open` carries the
 * session; a newer session of the same node makes the older one's calls answer LEASE_LOST.
 */

const about = {
  relayVersion: z.string().max(50),
  driver: z.string().max(50),
  driverVersion: z.string().max(100),
};

/** Called with the join token as bearer. What makes the machines is chosen when the relay runs, so only `open` says it. */
export const joinInput = z.object({ relayVersion: about.relayVersion });
export type JoinResult = { node: string; credential: string; installation: string };

/**
 * What a driver's listing showed. `complete`: everything of this node that carries our mark. `names` are machines that
 * their marks name; of those in `unmarked` the mark names none, so nothing says that they are no copies. `copies` carry the
 * mark of another machine: they are nobody's here.
 */
export const listing = z.strictObject({
  complete: z.boolean(),
  startedAt: z.iso.datetime(),
  names: z.array(z.string().max(100)).max(100_000),
  unmarked: z.array(z.string().max(100)).max(100_000).optional(),
  copies: z
    .array(z.strictObject({ name: z.string().max(100), of: z.string().max(100) }))
    .max(100_000)
    .optional(),
});
export type Listing = z.infer<typeof listing>;

/**
 * Whether absence from the listing says something about a machine that should be there. An empty one says nothing: what
 * looked into the wrong place, or too early, comes back empty as well, and would call every machine gone at once.
 */
export function provesAbsence(seen: Listing | null | undefined): seen is Listing {
  return seen?.complete === true && seen.names.length > 0;
}

/** Bounded, so that whoever has a node's credential cannot use up the numbers. */
const machineNumber = z.int().min(0).max(1_000_000_000_000);

/** First call of a relay process: it says who it is and what stands on its node before it asks for work. */
export const openInput = z.strictObject({
  ...about,
  sshPublicKey,
  highestMachineNumber: machineNumber,
  listing: listing.nullable(),
});
/** Durations are in seconds. `installation` is the ownership mark every machine must carry. */
export type OpenResult = {
  session: string;
  node: string;
  installation: string;
  leaseSeconds: number;
  renewSeconds: number;
};

const session = z.uuid();
const held = { id: z.uuid(), token: z.int().min(1) };

/** Long poll: answers at once when there is work, after `waitSeconds` (25 at most) with an empty list. */
export const leaseInput = z.strictObject({
  session,
  /** How many operations the relay can take on now, by what they cost it. */
  free: z.strictObject({ setups: z.int().min(0).max(1000), others: z.int().min(0).max(1000) }),
  waitSeconds: z.number().min(0).max(25).default(25),
  /** The highest machine number that this node's relays have ever seen: the database may have been put back meanwhile. */
  highestMachineNumber: machineNumber.default(0),
});

type Leased = { id: string; token: number; attempt: number };
/** A machine the relay may dial: the pinned host key is the only one to accept. */
export type MachineTarget = { id: string; name: string; host: string; port: number; hostKey: HostKey };

export type CreateOperation = Leased & {
  kind: "create";
  machine: {
    id: string;
    name: string;
    number: number;
    port: number;
    httpPort: number;
    hostKey: HostKey | null;
  };
  spec: Pick<
    PoolSpec,
    | "shape"
    | "image"
    | "instanceType"
    | "adminSshKeys"
    | "healthCommand"
    | "readyCommand"
    | "accessCommand"
    | "bootTimeoutSeconds"
  > & { pool: string };
};
export type SetupOperation = Leased & {
  kind: "setup";
  machine: MachineTarget & { httpPort: number; access: { host: string; port: number } };
  assignment: {
    id: string;
    username: string;
    sshKeys: string[];
    adminSshKeys: string[];
    sudo: boolean;
    params: Record<string, string>;
    secrets: Record<string, string>;
    recipe: { name: string; version: string; steps: RecipeStep[] };
    /** True once a relay has logged in for this set-up: from then on there is no swap, only failure. */
    loggedIn: boolean;
    /** Bytes of the set-up's log that the edge has stored: the next piece starts here. */
    logOffset: number;
    /** Seconds to reach the machine before the edge swaps it. */
    connectBudgetSeconds: number;
  };
};
export type DeleteOperation = Leased & {
  kind: "delete";
  machine: { id: string; name: string; driverRef: string | null };
  /** True for an orphan that is only stopped now: its delete comes when it has been kept for long enough. */
  keep?: boolean;
};
export type RestartOperation = Leased & {
  kind: "restart";
  machine: MachineTarget;
  /** Seconds until it has to answer again, from the beginning of the restart. */
  bootTimeoutSeconds: number;
};
/** Ends everybody's access from outside: the machine is stopped, and its data stays. */
export type CutOperation = Leased & { kind: "cut"; machine: { id: string; name: string } };
export type ProbeOperation = Leased & {
  kind: "probe";
  /** `all`: everything on the node that can be dialled. `suspects`: a second look at those that missed a probe. */
  scope: "all" | "suspects";
  machines: (MachineTarget & { state: MachineState; healthCommand: string | null })[];
  attempts: number;
  attemptSeconds: number;
};
export type LeasedOperation =
  | CreateOperation
  | SetupOperation
  | DeleteOperation
  | RestartOperation
  | CutOperation
  | ProbeOperation;
export type LeaseResult = { operations: LeasedOperation[] };

/**
 * All leases of a node travel in one call, and each report is judged by itself: what a machine has brought into one must
 * not cost the others their leases. So it is parsed by `progress` (src/contract/progress.ts) only behind this.
 */
export const renewInput = z.strictObject({
  session,
  operations: z
    .array(z.object({ ...held, progress: z.unknown().optional() }))
    .min(1)
    .max(500),
});
/**
 * `lost`: stop at once, nothing of it counts. `cancelling`: no longer wanted, end it and finish. `refused`: why its report
 * was not taken; the lease itself is renewed all the same.
 */
export type Renewed = { id: string; status: "held" | "cancelling" | "lost"; refused?: string };
export type RenewResult = { operations: Renewed[] };

const text = z.string().max(4096);
const failure = { outcome: z.literal("failed"), message: text };
/** 20 texts at most, 64 Ki characters over all of them. */
const evidence = recordOf(z.string().max(50), z.string())
  .refine((texts) => Object.keys(texts).length <= 20, "has more than 20 texts")
  .refine(
    (texts) => Object.values(texts).reduce((sum, { length }) => sum + length, 0) <= 64 * 1024,
    "is longer than 64 KiB in all",
  );

const probeAnswer = z.strictObject({
  id: z.uuid(),
  answer: z.enum(PROBE_ANSWERS),
  cause: z.string().max(500).nullable(),
  /** Fingerprint of the host key it presented instead of the pinned one; `none` where it has none of the type. */
  presented: z.string().max(100).optional(),
  /** True where it does not answer, and the node's listing has it stopped. */
  stopped: z.boolean().optional(),
  /** True where it does not answer, the listing does not show it, and the driver is sure that there is none. */
  absent: z.boolean().optional(),
  /** Where it answered, under its pinned key, if that is where the node's listing has it and not where asked. */
  moved: z.strictObject({ ssh: endpoint, access: endpoint }).optional(),
});
const answerId = z.looseObject({ id: z.uuid() });
/** No machine's. */
const NOBODY = "00000000-0000-4000-8000-000000000000";

function unreadable(value: unknown, error: z.core.$ZodCatchCtx["error"]) {
  const named = answerId.safeParse(value);
  return {
    id: named.success ? named.data.id : NOBODY,
    answer: "unknown" as const,
    cause: `what its relay says of it is refused: ${sayIssues(error)}`.slice(0, 500),
  };
}

/** How an operation ended, by its kind. `handed_back` returns one that was not started. */
export const operationResult = z.discriminatedUnion("outcome", [
  z.strictObject({ outcome: z.literal("handed_back") }),
  z.strictObject({
    outcome: z.literal("created"),
    driver: z.string().max(50),
    driverRef: z.string().max(500),
    host: endpoint.shape.host,
    port: endpoint.shape.port,
    access: endpoint,
  }),
  z.strictObject({
    ...failure,
    outcome: z.literal("create_failed"),
    reason: z.enum(["no_capacity", "driver_failed", "never_ready", "not_reachable", "cancelled"]),
    evidence,
  }),
  z.strictObject({
    outcome: z.literal("set_up"),
    outputs,
    /** What the hand-over check read back from the machine. */
    handover: z.strictObject({
      hostKey: z.string().max(200),
      keys: recordOf(z.string().max(200), z.array(z.string().max(9000)).max(200)).refine(
        (accounts) => Object.values(accounts).flat().join("").length <= 512 * 1024,
        "is longer than 512 KiB in all",
      ),
    }),
  }),
  z.strictObject({
    ...failure,
    outcome: z.literal("setup_failed"),
    reason: z.enum([
      "unreachable",
      "host_key_changed",
      "step_failed",
      "step_timed_out",
      "handover_failed",
      "machine_refused",
    ]),
    step: z.string().max(80).optional(),
    exitCode: z.int().optional(),
    /** Nothing of the set-up was left on the machine: it may be given to somebody else. */
    untouched: z.boolean().optional(),
    /** Where the host key changed: the fingerprint of the one that was presented. */
    presented: z.string().max(200).optional(),
  }),
  z.strictObject({ outcome: z.literal("deleted"), receipt }),
  /** Of a delete that was to keep the machine: it is stopped. */
  z.strictObject({ outcome: z.literal("kept") }),
  z.strictObject({ ...failure, outcome: z.literal("delete_failed") }),
  z.strictObject({
    outcome: z.literal("restarted"),
    host: endpoint.shape.host,
    port: endpoint.shape.port,
    access: endpoint,
  }),
  z.strictObject({ ...failure, outcome: z.literal("restart_failed") }),
  /** The machine is stopped, or is not there. */
  z.strictObject({ outcome: z.literal("cut") }),
  z.strictObject({ ...failure, outcome: z.literal("cut_failed") }),
  z.strictObject({
    outcome: z.literal("probed"),
    listing: listing.nullable(),
    /** What the driver said where it could not list. */
    driverProblem: z.string().max(500).optional(),
    answers: z
      // One that cannot be read says nothing about its machine, and nothing about the others.
      .array(probeAnswer.catch(({ value, error }) => unreadable(value, error)))
      .max(100_000),
  }),
]);
export type OperationResult = z.infer<typeof operationResult>;

export const finishInput = z.strictObject({ session, ...held, result: operationResult });
/** `ok` only: a result with a stale token is answered with the error LEASE_LOST and changes nothing. */
export type FinishResult = { ok: true };

/** What the node has, for placing machines; or, where its driver could not say, what it said instead. */
export const reportInput = z.strictObject({
  session,
  inventory: inventory.optional(),
  driverProblem: z.string().max(500).optional(),
});
export type ReportResult = { ok: true };
