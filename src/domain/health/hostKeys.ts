import { type SQL, sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { type Db, listOf, rows } from "../../db/client.ts";
import type { NotAlive } from "../../db/tables/nodes.ts";
import type { Heard } from "./verdict.ts";
import { tell } from "../core/event.ts";

type Answers = Extract<OperationResult, { outcome: "probed" }>["answers"];

/**
 * Distinguishes unknown host keys from those of other machines of this installation. The first may be an attacker in between, and the
 * machine is held for a person to look at; the second is a machine at an address that was once another's: an error of
 * the address, and no danger.
 * @returns ids of the machines that presented a key nobody knows; names of known machines by the fingerprint of theirs.
 */
export async function strangers(
  tx: Db,
  answers: Answers,
): Promise<{ ids: ReadonlySet<string>; siblings: ReadonlyMap<string, string> }> {
  const presented = answers.flatMap((answer) =>
    answer.presented === undefined ? [] : [{ id: answer.id, fingerprint: answer.presented }],
  );
  if (presented.length === 0) return { ids: new Set(), siblings: new Map() };
  const known = await rows<{ fingerprint: string; name: string }>(
    tx,
    ownersOf(presented.map(({ fingerprint }) => fingerprint)),
  );
  const siblings = new Map(known.map(({ fingerprint, name }) => [fingerprint, name]));
  const strange = presented.filter(({ fingerprint }) => !siblings.has(fingerprint));
  return { ids: new Set(strange.map(({ id }) => id)), siblings };
}

/** Machines, gone ones too, by the fingerprints of their host keys. */
export function ownersOf(fingerprints: readonly string[]): SQL {
  return sql`select host_key ->> 'fingerprint' as fingerprint, name from machines
    where host_key is not null and host_key ->> 'fingerprint' in (${listOf(fingerprints)})`;
}

type HeardKey = {
  known: { id: string; name: string; pool: string; state: string };
  heard: Heard & { presented: string | null };
};

/**
 * A security event for each machine that presents a key nobody knows, once and not at every probe. An assigned one keeps
 * its state: its tester may be working on it, and taking it away proves nothing.
 */
export async function tellStrangeKeys(
  tx: Db,
  node: string,
  machines: readonly HeardKey[],
  before: Readonly<Record<string, NotAlive>>,
): Promise<void> {
  for (const { known, heard } of machines) {
    if (!heard.strangeKey || own(before, known.id)?.cause === heard.cause) continue;
    await tell(tx, {
      kind: "security",
      actor: `node:${node}`,
      reason: "host_key_changed",
      pool: known.pool,
      node,
      machine: known.id,
      data: { state: known.state, presented: heard.presented, cause: heard.cause },
    });
  }
}
