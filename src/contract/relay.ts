import * as z from "zod";
import { listing } from "./listing.ts";
import type { Endpoint, HostKey, MachineState } from "./machine.ts";
import { inventory } from "./node.ts";
import { operationResult } from "./operationResult.ts";
import type { PoolSpec } from "./pool.ts";
import type { RecipeStep } from "./recipe.ts";
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
  /** The trace that it is a part of (traceparent.ts), if there is one; an earlier edge leaves it out. */
  traceparent?: string;
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
/**
 * Looks at a machine that was made elsewhere: whether root and the tester's account are there, under which host key. The
 * `id` of such a machine is the operation's, for it has no row yet.
 */
export type ImportOperation = Leased & {
  kind: "import";
  machine: { id: string; name: string };
  /** Null where the driver has to know. */
  dial: { ssh: Endpoint; access: Endpoint } | null;
  /** The host key that somebody has noted: a fingerprint or a public key. */
  expected: string | null;
  username: string;
  healthCommand: string | null;
  /** Only look. */
  plan: boolean;
};
/** Takes the mark of an import off again. The machine is not touched otherwise. */
export type UnmarkOperation = Leased & { kind: "unmark"; machine: { id: string; name: string } };
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
  | ImportOperation
  | UnmarkOperation
  | ProbeOperation;
/** `concurrency`: creates and deletes that the node works on at a time; an edge of 0.1 leaves it out. */
export type LeaseResult = { operations: LeasedOperation[]; concurrency?: number };

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
