import * as z from "zod";
import { params } from "./assignment.ts";
import { endpoint, expectedHostKey, importedName } from "./machine.ts";
import { moment, nodeName, paramName, poolName, username } from "./names.ts";
import { recordOf } from "./record.ts";
import { sshPublicKeys } from "./sshKey.ts";

/**
 * Testers who have a machine already, from the records of whatever made it. Each record is checked by itself: one that
 * cannot be imported says why, and the others do not depend on it.
 */

/** One tester and their machine, as an old record has them. */
export const importRecord = z.strictObject({
  username,
  pool: poolName.optional(),
  /** Left out, the only node. */
  node: nodeName.optional(),
  /** What the node calls the machine. */
  machine: importedName,
  /** Where the tester dials. Left out, where the node's driver has the machine. */
  host: endpoint.shape.host.optional(),
  port: endpoint.shape.port.optional(),
  /** Where the relay dials, if that is another address. */
  relayHost: endpoint.shape.host.optional(),
  relayPort: endpoint.shape.port.optional(),
  /** The account that the tester logs in to. In Warmpool it is the username. */
  user: z.string().min(1).max(100).optional(),
  sshKeys: sshPublicKeys.default([]),
  /** A fingerprint or a public key. Left out, the key that the machine presents is recorded. */
  hostKey: expectedHostKey.optional(),
  params,
  outputs: recordOf(paramName, z.string().max(2000)).optional(),
  externalId: z.string().min(1).max(200).optional(),
  /** Left out, the pool's `assignmentTtlSeconds` counts from the import. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
export type ImportRecord = z.infer<typeof importRecord>;

/** So many records one call takes. */
export const MOST_RECORDS = 100;

/** `plan`: only find out what would happen. */
export const importStartInput = z.strictObject({
  records: z.array(importRecord).min(1).max(MOST_RECORDS),
  plan: z.boolean().default(false),
});

/** Whose import is undone. */
const importedTester = z.strictObject({
  username,
  pool: poolName.optional(),
  machine: importedName,
});

export const importUndoInput = z.strictObject({
  records: z.array(importedTester).min(1).max(MOST_RECORDS),
  plan: z.boolean().default(false),
});

export const importStatusInput = z.strictObject({ ids: z.array(z.uuid()).min(1).max(MOST_RECORDS) });

/**
 * Every state of a record. `checking`: the relay of its node looks at the machine. `possible` and `undoable` are answers
 * to a plan. `unchanged`: nothing is left to do.
 */
export const IMPORT_STATES = [
  "checking",
  "possible",
  "imported",
  "undoable",
  "undone",
  "unchanged",
  "refused",
] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** Why a record is refused, and what to do. */
const problem = z.strictObject({ why: z.string(), fix: z.string() });
export type ImportProblem = z.infer<typeof problem>;

/** What came of one record; a call answers one for each, in their order. `id` is what `import.status` takes. */
export const importOutcome = z.strictObject({
  id: z.string().nullable(),
  state: z.enum(IMPORT_STATES),
  problem: problem.nullable(),
  /** As the relay found it, once it has: where the machine is dialled, and the fingerprint of its host key. */
  found: z.strictObject({ access: endpoint, fingerprint: z.string() }).nullable(),
  expiresAt: moment.nullable(),
});
export type ImportOutcome = z.infer<typeof importOutcome>;
