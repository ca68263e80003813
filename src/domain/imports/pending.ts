import type { Endpoint, HostKey } from "../../contract/machine.ts";
import type { ImportProblem } from "../../contract/import.ts";
import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import type { SealedParams } from "../secrets/params.ts";
import type { Actor } from "../core/reasons.ts";

/**
 * What the operation of an import remembers: until the relay has looked at the machine there is no row of it, and nobody
 * is its tester.
 */
export type PendingImport = {
  machine: string;
  pool: string;
  username: string;
  /** Null where the node's driver has to know. */
  dial: { ssh: Endpoint; access: Endpoint } | null;
  /** The host key that somebody has noted. */
  expected: string | null;
  plan: boolean;
  /** Who asked for it. */
  by: Actor;
  sshKeys: string[];
  outputs: Record<string, string>;
  externalId: string | null;
  expiresAt: string | null;
  recipe: { name: string; version: string };
  /** Null once the import has ended. */
  sealed: SealedParams | null;
};

/** How an import has ended: the result of its operation. */
export type ImportResult = {
  problem: ImportProblem | null;
  found: { access: Endpoint; fingerprint: HostKey["fingerprint"] } | null;
  expiresAt: string | null;
};

/** @throws where the operation is none of an import. */
export async function readPending(tx: Db, operation: string): Promise<PendingImport> {
  const [row] = await rows<{ record: PendingImport }>(
    tx,
    sql`select record from operations where id = ${operation} and kind = 'import'`,
  );
  if (row === undefined) throw new Error(`operation ${operation} is no import`);
  return row.record;
}
