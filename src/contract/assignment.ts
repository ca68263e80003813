import { z } from "zod";
import type { HostKey } from "./machine.ts";
import { paramName, poolName, username } from "./names.ts";
import { sshPublicKeys } from "./sshKey.ts";

export const ASSIGNMENT_STATES = ["waiting", "setting_up", "active", "failed", "released"] as const;
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number];

/** Asks for a machine. `ttlSeconds` counts from `activeAt`; `wait: false` fails where nothing is ready. */
export const assignInput = z.strictObject({
  username,
  sshKeys: sshPublicKeys,
  pool: poolName.optional(),
  params: z.record(paramName, z.string().max(16_384)).optional(),
  ttlSeconds: z
    .int()
    .min(60)
    .max(366 * 86_400)
    .optional(),
  externalId: z.string().min(1).max(200).optional(),
  wait: z.boolean().optional(),
});

export const testerInput = z.strictObject({ username, pool: poolName.optional() });

/** `after` is the `next` of the call before: log text comes back from there on. */
export const testerLogInput = z.strictObject({ ...testerInput.shape, after: z.int().min(0).default(0) });

/** What `tester.watch` takes; `lastEventId` is what the SSE protocol sends at a reconnect. */
export const testerWatchInput = z.strictObject({
  ...testerInput.shape,
  lastEventId: z.string().max(200).nullish(),
});

export const testerListInput = z.strictObject({
  pool: poolName.optional(),
  state: z.enum(ASSIGNMENT_STATES).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.int().min(1).max(500).default(50),
});

/** A tester's hold on one machine, as its owner sees it. Dates are ISO strings. */
export type Assignment = {
  id: string;
  pool: string;
  username: string;
  externalId: string | null;
  state: AssignmentState;
  /** `host` and `port` are what the tester dials. */
  machine: { id: string; name: string; host: string; port: number; user: string; hostKey: HostKey } | null;
  outputs: Record<string, string>;
  /** Place in the line, 1 first, while `waiting`. Seconds are null where nothing has been observed yet. */
  queue: { position: number; etaSeconds: number | null; etaRange: [number, number] | null } | null;
  /** Where set-up is: step n of m, and how far within it (0 to 100). */
  setup: {
    step: number;
    steps: number;
    title: string;
    percent: number;
    attempt: number;
    startedAt: string;
    etaSeconds: number | null;
  } | null;
  swaps: number;
  error: { code: string; message: string; step?: string } | null;
  createdAt: string;
  activeAt: string | null;
  expiresAt: string | null;
  releasedAt: string | null;
  /** When the tester's way into the machine was proven gone. */
  accessEndedAt: string | null;
};

export type AssignResult = { created: boolean; assignment: Assignment };
/** `next` is the `after` of the following call; `done` once no more can come. */
export type SetupLog = { text: string; next: number; done: boolean };
export type Page<T> = { items: T[]; nextCursor: string | null };
