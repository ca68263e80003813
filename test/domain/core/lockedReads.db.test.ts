import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { finish } from "../../../src/domain/operations/finish.ts";
import { lockNodes } from "../../../src/domain/core/locks.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { json } from "../../../src/domain/core/event.ts";
import { bySweep, change } from "../../../src/domain/core/change.ts";
import { type MachineMove, moveMachines } from "../../../src/domain/core/moves.ts";
import { betweenStatements, inPlaceOf } from "../../helpers/between.ts";
import { testDb } from "../../helpers/db.ts";
import { until } from "../../helpers/until.ts";
import { ADMIN, countStates, HOST_KEY, makeWorld, NODE, specOf } from "../../helpers/world.ts";

/** What is decided on is read after the lock was had, not by the statement that waited for it. */

const brake = (db: Db) => db.execute(sql`insert into brakes (node, dead, answered) values (${NODE}, 2, 2)`);
const shape = { vcpus: 2, memoryMib: 512, diskGib: 4 };

/** Commits `first`, which holds the node's row lock, once `second` waits for it; both are over at the end. */
async function behindLock(
  db: Db,
  first: (tx: Db) => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<void> {
  const { waiting } = await db.transaction(async (tx) => {
    await lockNodes(tx, sql`n.name = ${NODE}`);
    await first(tx);
    const begun = second();
    await until("the second to wait for a lock", () => isBlocked(db));
    return { waiting: begun };
  });
  await waiting;
}

function moveAll(db: Db, move: MachineMove) {
  return change(db, ADMIN, bySweep, (tx) => moveMachines(tx, sql`select id from machines`, move));
}

async function isBlocked(db: Db): Promise<boolean> {
  const blocked = await rows(
    db,
    sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return blocked.length > 0;
}

test("R7 a probe's result that waited behind the brake tears nothing down", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 3, failureThreshold: 1 });
  await relay.workOff();
  await relay.workOff();
  await queueProbes(t.db);
  const probe = await relay.take("probe");
  const answers = probe.machines.map(
    ({ id }, n) => ({ id, answer: n === 0 ? "dead" : "unknown", cause: "refused" }) as const,
  );
  const result = { outcome: "probed", listing: null, answers } as const;
  await behindLock(t.db, brake, () => finish(t.db, NODE, { session: relay.session, ...probe, result }));
  expect(await countStates(t.db)).not.toHaveProperty("deleting");
});

test("R7 two pools of a braked node make one canary between them", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await putPool(t.db, poolSpec.parse(specOf({ name: "other", targetSize: 1 })), ADMIN);
  await relay.workOff();
  await brake(t.db);
  await behindLock(
    t.db,
    (tx) => replenish(tx, "other", ADMIN),
    () => replenish(t.db, "demo", ADMIN),
  );
  expect(await countStates(t.db)).toEqual({ ready: 2, provisioning: 1 });
});

test("R7 a suspect that is out of reach by then made no room for the canary", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await moveAll(t.db, { to: "suspect", actor: ADMIN, reason: "probe_dead" });
  await brake(t.db);
  const held = { to: "held", actor: ADMIN, reason: "held" } as const;
  const interrupted = betweenStatements(t.db, "select 1 from operations where machine in", () =>
    moveAll(t.db, held),
  );
  await replenish(interrupted, "demo", ADMIN);
  expect(await rows(t.db, sql`select made_room from brakes`)).toEqual([{ made_room: null }]);
  await moveAll(t.db, { to: "suspect", actor: ADMIN, reason: "unheld" });
  await replenish(t.db, "demo", ADMIN);
  expect(await countStates(t.db)).toEqual({ deleting: 1 });
});

test("an inventory that waited behind a create is not what the node looks like when it has settled", async () => {
  await using t = await testDb({ max: 5 });
  await makeWorld(t.db);
  await putPool(t.db, poolSpec.parse(specOf({ name: "other", shape })), ADMIN);
  await t.db.execute(
    sql`update nodes set "full" = '{"1x512x4": {"since": "2026-01-01T00:00:00.000Z", "inventory": null}}'`,
  );
  const inventory = {
    cpus: 8,
    memoryMib: { total: 32_768, available: 30_000, reserve: 3277 },
    disks: [{ name: "sda", totalGib: 100, usedGib: 4, thin: false }],
  };
  await behindLock(
    t.db,
    async (tx) => {
      await tx.execute(sql`update pools set spec = spec || '{"targetSize": 1}' where name = 'other'`);
      await replenish(tx, "other", ADMIN);
    },
    () => reportInventory(t.db, NODE, inventory),
  );
  expect(await countStates(t.db)).toEqual({ provisioning: 1 });
  expect(await rows(t.db, sql`select "full" -> '1x512x4' -> 'inventory' as picture from nodes`)).toEqual([
    { picture: null },
  ]);
});

test("progress of a lease that went while it waited for the machine pins no host key", async () => {
  await using t = await testDb({ max: 5 });
  const former = await makeWorld(t.db, { targetSize: 1 });
  const create = await former.take("create");
  const { id, token } = create;
  const interrupted = inPlaceOf(t.db, "update machines set phase", async (store) => {
    const { stored } = await t.db.transaction(async (tx) => {
      await tx.execute(sql`update operations set token = nextval('fencing') where id = ${id}`);
      await tx.execute(sql`update machines set host_key = ${json(HOST_KEY)} where id = ${create.machine.id}`);
      const late = store();
      await until("the late progress to wait", () => isBlocked(t.db));
      return { stored: late };
    });
    await stored;
  });
  const strange = { ...HOST_KEY, fingerprint: `SHA256:${"B".repeat(43)}` };
  await renew(interrupted, NODE, former.session, [
    { id, token, progress: { kind: "create", phase: "booting", hostKey: strange } },
  ]);
  expect(await rows(t.db, sql`select host_key ->> 'fingerprint' as pinned from machines`)).toEqual([
    { pinned: HOST_KEY.fingerprint },
  ]);
});
