import { type SQL, sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { forgetMachine, recreateMachine } from "../../../src/domain/machines/actions.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  KEY_A,
  makeWorld,
  NODE,
  openRelay,
  type StandInRelay,
} from "../../helpers/world.ts";

/**
 * What a dead process leaves behind, and that it is finished or made good by the next relay session and one sweep,
 * whatever it was.
 */
const ALICE = { username: "alice", sshKeys: [KEY_A] };

/** Another relay process comes, a sweep runs, and what there is to do is done. */
async function oneSweepLater(db: Db): Promise<void> {
  const relay = await openRelay(db);
  await sweep(db);
  await relay.workOff();
}

describe("R2 killed between claim and set-up: the tester has the same machine one sweep later", () => {
  const moments: [string, (relay: StandInRelay, t: TestDb) => Promise<void>][] = [
    ["right after the claim", async () => undefined],
    ["when the set-up was leased", async (relay) => void (await relay.take("setup"))],
    [
      "after the first login",
      async (relay, { db }) => {
        const { id, token } = await relay.take("setup");
        const progress = { kind: "setup", loggedIn: true } as const;
        await renew(db, NODE, relay.session, [{ id, token, progress }]);
      },
    ],
    [
      "and the operation with it",
      async (relay, { db }) => {
        await relay.take("setup");
        await db.execute(sql`delete from operations where kind = 'setup'`);
      },
    ],
  ];
  test.each(moments)("%s", async (_, until) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 2 });
    await relay.workOff();
    const { assignment } = await assign(t.connection, ALICE, APP);
    await until(relay, t);
    await oneSweepLater(t.db);
    expect(await findTester(t.db, { username: "alice" })).toMatchObject({
      id: assignment.id,
      state: "active",
      swaps: 0,
      machine: { id: assignment.machine?.id },
    });
    expect(await countStates(t.db)).toEqual({ assigned: 1, ready: 1 });
  });

  test("with the pool's refill lost too, one sweep makes it", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 3 });
    await relay.workOff();
    await assign(t.connection, ALICE, APP);
    expect(await countStates(t.db)).toEqual({ assigned: 1, ready: 1 });
    await oneSweepLater(t.db);
    expect(await countStates(t.db)).toEqual({ assigned: 1, ready: 2 });
  });
});

describe("R10 the pool fills again", () => {
  const states: [string, (relay: StandInRelay, t: TestDb) => Promise<void>][] = [
    [
      "from nothing",
      async (_, { db }) => {
        await db.execute(sql`delete from operations where machine is not null`);
        await db.execute(sql`delete from machines`);
      },
    ],
    [
      "after a claim that came to nothing",
      async (relay, t) => {
        await assign(t.connection, ALICE, APP);
        const setup = await relay.take("setup");
        const failed = {
          outcome: "setup_failed",
          reason: "step_failed",
          message: "no",
          step: "hello",
        } as const;
        await relay.finish(setup, failed);
        await release(t.db, { username: "alice" }, APP);
      },
    ],
    [
      "after machines were deleted behind its back",
      async (relay, { db }) => {
        const [one] = await rows<{ name: string }>(
          db,
          sql`select name from machines order by number limit 1`,
        );
        for (let round = 0; round < 2; round += 1) {
          await queueProbes(db);
          await relay.answerProbe([], [one?.name ?? ""]);
        }
      },
    ],
    [
      "after a restart in the middle of its creates",
      async (relay, { db }) => {
        const [one] = await rows<{ id: string }>(db, sql`select id from machines limit 1`);
        await recreateMachine(db, one?.id ?? "", ADMIN);
        await relay.take("create");
      },
    ],
  ];
  test.each(states)("%s", async (_, spoil) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 6 });
    await relay.workOff();
    expect(await countStates(t.db)).toEqual({ ready: 3 });
    await spoil(relay, t);
    await oneSweepLater(t.db);
    // A surplus goes one a sweep, and only while nothing else is under way.
    await oneSweepLater(t.db);
    expect(await countStates(t.db)).toEqual({ ready: 3 });
  });
});

describe("R14 what a power cut leaves", () => {
  /** A machine in each state that the relay was working on when it died. */
  async function cutInTheMiddle(t: TestDb): Promise<void> {
    const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 5 });
    await relay.workOff();
    await assign(t.connection, { username: "bob", sshKeys: [KEY_A] }, APP);
    await relay.workOff();
    await release(t.db, { username: "bob" }, APP);
    await assign(t.connection, ALICE, APP);
    await sweep(t.db);
    await relay.lease();
    expect(await stateOfWork(t.db)).toEqual([
      { kind: "create", state: "leased", machine: "provisioning" },
      { kind: "delete", state: "leased", machine: "deleting" },
      { kind: "setup", state: "leased", machine: "assigned" },
    ]);
  }

  test("`provisioning`, `deleting` and `setting_up` recover at the next start", async () => {
    await using t = await testDb();
    await cutInTheMiddle(t);
    await oneSweepLater(t.db);
    expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "active", swaps: 0 });
    expect(await countStates(t.db)).toEqual({ assigned: 1, ready: 2 });
  });

  test("`provisioning` and `deleting` can be forgotten where no relay ever comes back", async () => {
    await using t = await testDb();
    await cutInTheMiddle(t);
    const left = await rows<{ id: string }>(
      t.db,
      sql`select m.id from machines m join operations o on o.machine = m.id
        where m.state in ('provisioning', 'deleting') and o.state = 'leased'`,
    );
    expect(left).toHaveLength(2);
    for (const { id } of left) {
      expect(await forgetMachine(t.db, id, "the node burnt down", ADMIN)).toMatchObject({
        state: "deleted",
        receipt: { kind: "forgotten" },
      });
    }
  });
});

function stateOfWork(db: Db) {
  const live: SQL = sql`select distinct o.kind, o.state, m.state as machine from operations o
    join machines m on m.id = o.machine where o.state = 'leased' and o.kind <> 'probe' order by o.kind`;
  return rows<{ kind: string; state: string; machine: string }>(db, live);
}
