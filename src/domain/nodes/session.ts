import { sql } from "drizzle-orm";
import type { EnrollResult } from "../../contract/node.ts";
import type { JoinResult, OpenResult } from "../../contract/relay.ts";
import type { Listing } from "../../contract/listing.ts";
import { NOT_MIGRATED } from "../../contract/schema.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { noteHighest } from "../orphans/restoredBackup.ts";
import { leaseLost } from "../core/leased.ts";
import { listNodes } from "./view.ts";
import { keptListing } from "../health/noteProbe.ts";
import { follow } from "../follow/follow.ts";
import type { Actor } from "../core/reasons.ts";
import { SETTINGS } from "../core/limits.ts";
import { concurrencyOf } from "../core/nodeSettings.ts";
import { issueToken, spendToken } from "../access/tokens.ts";
import { change } from "../core/change.ts";
import { tell } from "../core/event.ts";
import { isLiveNode } from "../core/live.ts";
import { moveNodes } from "../core/nodeMoves.ts";
import { moveOperations } from "../core/operationMoves.ts";

/** Nodes and their relays: enrolled by an admin, joined once, a session per relay process. */

/** Makes the node known, or lets a known one join again, and gives a join token that works once. */
export async function enroll(db: Db, name: string, actor: Actor): Promise<EnrollResult> {
  return change(db, actor, follow, async (tx) => {
    const [before] = await listNodes(tx, name);
    await tx.execute(sql`insert into nodes (name) values (${name}) on conflict (name) do nothing`);
    await tx.execute(sql`
      update tokens set revoked_at = now() where role = 'join' and node = ${name} and used_at is null and revoked_at is null`);
    const issued = await issueToken(tx, {
      role: "join",
      name,
      node: name,
      ttlSeconds: SETTINGS.joinTokenSeconds,
    });
    const told = { actor, reason: "enrolled", data: { joinTokenExpiresAt: issued.expiresAt } } as const;
    const back = await moveNodes(tx, sql`name = ${name}`, { to: "enrolled", ...told });
    const [node] = await listNodes(tx, name);
    if (node === undefined || issued.expiresAt === null)
      throw new WarmpoolError("INTERNAL", "the node was not stored");
    if (back.length === 0)
      await tell(tx, {
        kind: "node",
        ...told,
        node: name,
        before: before?.state ?? null,
        after: node.state,
      });
    return { node, joinToken: issued.token, expiresAt: issued.expiresAt };
  });
}

/** Turns a join token into the node's credential; earlier credentials of the node end. */
export async function join(db: Db, node: string, joinToken: string): Promise<JoinResult> {
  return db.transaction(async (tx) => {
    // Under the node's lock, so that a removal either sees the new credential or is seen here.
    await lockNode(tx, node);
    await spendToken(tx, joinToken);
    await tx.execute(
      sql`update tokens set revoked_at = now() where role = 'node' and node = ${node} and revoked_at is null`,
    );
    const issued = await issueToken(tx, { role: "node", name: node, node });
    await tell(tx, { kind: "node", actor: `node:${node}`, reason: "joined", node });
    return { node, credential: issued.token, installation: await installation(tx) };
  });
}

export type Opening = {
  relayVersion: string;
  driver: string;
  driverVersion: string;
  sshPublicKey: string;
  highestMachineNumber: number;
  listing: Listing | null;
};

/**
 * A relay process begins: a new session that supersedes the one before. The node's machines can be claimed only after
 * a listing and a probe begun from now on, so a probe follows at once.
 */
export async function openSession(db: Db, node: string, opening: Opening): Promise<OpenResult> {
  const session = crypto.randomUUID();
  const actor: Actor = `node:${node}`;
  await noteHighest(db, node, opening.highestMachineNumber);
  return change(db, actor, follow, async (tx) => {
    await lockNode(tx, node);
    await moveNodes(tx, sql`name = ${node}`, {
      to: "returning",
      actor,
      reason: "heard",
      set: sql`session = ${session}, last_seen_at = now(),
        driver = ${opening.driver}, driver_version = ${opening.driverVersion}, relay_version = ${opening.relayVersion},
        ssh_public_key = ${opening.sshPublicKey}, listing = coalesce(${keptListing(opening.listing)}, listing)`,
    });
    await moveOperations(tx, sql`node = ${node} and kind = 'probe'`, {
      to: "cancelled",
      from: ["leased", "cancelling"],
    });
    return {
      session,
      node,
      installation: await installation(tx),
      leaseSeconds: SETTINGS.leaseSeconds,
      renewSeconds: SETTINGS.renewSeconds,
    };
  });
}

/**
 * Notes that the relay was heard. A silent node that is heard again is `returning` until it has been probed.
 * @returns how many creates and deletes the node works on at a time, so that its relay has a place for as many.
 * @throws WarmpoolError LEASE_LOST where a newer session of the node has taken over.
 */
export async function heard(db: Db, node: string, session: string): Promise<{ concurrency: number }> {
  const [row] = await rows<{ state: string; concurrency: number }>(
    db,
    sql`update nodes n set last_seen_at = now() where n.name = ${node} and n.session = ${session}
      returning n.state, ${concurrencyOf()} as concurrency`,
  );
  if (row === undefined) throw leaseLost(`session ${session}`);
  const { state, concurrency } = row;
  if (state !== "silent") return { concurrency };
  const why = { actor: `node:${node}`, reason: "heard" } as const;
  await change(db, why.actor, follow, (tx) =>
    moveNodes(tx, sql`name = ${node} and session = ${session}`, {
      ...why,
      to: "returning",
      from: ["silent"],
    }),
  );
  return { concurrency };
}

/** @throws WarmpoolError UNAUTHORIZED if an admin has removed it in the meantime. */
async function lockNode(tx: Db, name: string): Promise<void> {
  const [node] = await rows(
    tx,
    sql`select 1 from nodes where name = ${name} and ${isLiveNode()} for no key update`,
  );
  if (node === undefined)
    throw new WarmpoolError(
      "UNAUTHORIZED",
      `node ${name} was removed; enroll it again and let its relay join`,
    );
}

async function installation(db: Db): Promise<string> {
  const [row] = await rows<{ installation: string }>(db, sql`select installation from settings`);
  if (row === undefined) throw new WarmpoolError("UNAVAILABLE", NOT_MIGRATED);
  return row.installation;
}
