import { sql } from "drizzle-orm";
import { sweep } from "../../../src/cron/sweep.ts";
import type { LeasedOperation } from "../../../src/contract/relay.ts";
import type { Connection, Db } from "../../../src/db/client.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { unholdMachine } from "../../../src/domain/machines/actions.ts";
import { scheduleNode } from "../../helpers/leftToSweep.ts";
import { heard } from "../../../src/domain/nodes/session.ts";
import { pausePool } from "../../../src/domain/pools/pools.ts";
import { passTime } from "../../helpers/passTime.ts";
import { ADMIN, makeWorld, NODE, openRelay, type StandInRelay } from "../../helpers/world.ts";
import { look, type Picture } from "./picture.ts";

export const NODES = [NODE, "n2"] as const;

/** The system under the model's steps: one pool, two nodes, their relays and all that these have ever leased. */
export type Installation = {
  db: Db;
  connection: Connection;
  relays: StandInRelay[];
  leased: { relay: StandInRelay; node: string; operation: LeasedOperation }[];
};

/** Empties the database, cheaper than a new one, and furnishes it. */
export async function furnish(connection: Connection): Promise<Installation> {
  const { db } = connection;
  await db.execute(sql`
    truncate events, webhook_messages, setup_logs, operations, assignments, testers, machines, brakes, nodes, pools, recipes,
      duties, tallies restart identity cascade`);
  const first = await makeWorld(db, { targetSize: 1, maxSize: 3, holdFailedSeconds: 90 });
  await db.execute(sql`insert into nodes (name) values (${NODES[1]})`);
  const second = await openRelay(db, NODES[1]);
  await second.answerProbe();
  return { db, connection, relays: [first, second], leased: [] };
}

/** Opens a new session of the node's relay; what the one before had leased it has lost. */
export async function restartRelay(system: Installation, n: number): Promise<void> {
  system.relays[n] = await openRelay(system.db, NODES[n]);
}

export async function hear({ db, relays }: Installation): Promise<void> {
  for (const [n, relay] of relays.entries()) await heard(db, NODES[n] ?? NODE, relay.session);
}

/**
 * Whatever has happened: with relays that are heard and machines that answer, a few sweeps make the pool whole.
 * @returns what is not as it should be after them; empty where all is.
 */
export async function settle(system: Installation): Promise<string[]> {
  const { db } = system;
  await pausePool(db, "demo", false, ADMIN);
  // A node that said it was full is asked again after an hour of the real clock, which passTime does not move.
  await db.execute(sql`update nodes set "full" = '{}'`);
  for (const [n, node] of NODES.entries()) {
    await scheduleNode(db, node, "open", ADMIN);
    await restartRelay(system, n);
  }
  for (const { id } of (await listMachines(db, { state: "held", limit: 100 })).items)
    await unholdMachine(db, id, ADMIN);
  let left: string[] = [];
  for (let round = 0; round < 40; round += 1) {
    await hear(system);
    await sweep(db);
    for (const relay of system.relays) await relay.workOff();
    left = unsettled(await look(db));
    if (left.length === 0) return [];
    await passTime(db, 310);
  }
  return left;
}

function unsettled({ machines, testers, population, targetSize, maxSize, braked }: Picture): string[] {
  const count = (wanted: string) => machines.filter(({ state }) => state === wanted).length;
  const waiting = testers.filter(({ state }) => state === "waiting").length;
  const isFull = population >= maxSize;
  return [
    ...(["provisioning", "suspect", "deleting"] as const)
      .filter((state) => count(state) > 0)
      .map((state) => `${count(state)} ${state}`),
    ...(waiting > 0 && !(isFull && count("ready") === 0) ? [`${waiting} wait`] : []),
    ...(count("ready") > targetSize || (count("ready") < targetSize && !isFull)
      ? [`${count("ready")} ready of ${targetSize}`]
      : []),
    ...braked.map((node) => `${node} is braked`),
  ];
}
