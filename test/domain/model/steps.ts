import { sql } from "drizzle-orm";
import * as fc from "fast-check";
import type { AssignmentState } from "../../../src/contract/assignment.ts";
import { poolSpec } from "../../../src/contract/pool.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { rows } from "../../../src/db/client.ts";
import { assign, liftBrake, release, scheduleNode } from "../../helpers/leftToSweep.ts";
import {
  forgetMachine,
  holdMachine,
  recreateMachine,
  unholdMachine,
} from "../../../src/domain/machines/actions.ts";
import { heard } from "../../../src/domain/nodes/session.ts";
import { pausePool, putPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { restartMachine } from "../../../src/domain/machines/restart.ts";
import { retryAssignment } from "../../../src/domain/assignments/retry.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { passTime } from "../../helpers/passTime.ts";
import { ADMIN, APP, KEY_A, KEY_B, NODE, specOf } from "../../helpers/world.ts";
import { type Installation, NODES, restartRelay } from "./installation.ts";
import { askedFor, backInLine, isLineEmpty, type Model } from "./model.ts";
import { fingerprint } from "./picture.ts";
import { ANSWERS, type Ending, HOWS, LISTINGS, resultOf } from "./results.ts";
import { step, type Step, unlessRefused } from "./step.ts";

const asks = (username: string) =>
  step(`${username} asks`, async ({ connection }, model, { claimable, paused }) => {
    const isServed = isLineEmpty(model) && claimable.length > 0;
    const asked = assign(connection, { username, sshKeys: [KEY_A], ttlSeconds: 150 }, APP);
    const isAnswered = await unlessRefused(["POOL_PAUSED"], asked);
    if (model.testers.has(username)) return {};
    if (isAnswered !== (isServed || !paused))
      throw new Error(`${username} was ${isAnswered ? "" : "not "}served`);
    if (isAnswered) askedFor(model, username, isServed ? (claimable[0] ?? null) : null);
    return { matches: isAnswered };
  });

const leaves = (username: string) =>
  step(`${username} leaves`, async ({ db }, model) => {
    await unlessRefused(["NOT_FOUND"], release(db, { username }, APP));
    model.testers.delete(username);
  });

/** One of the testers that there are, those in this state first. */
function oneOf({ testers }: Model, state: AssignmentState, which: number): string | undefined {
  const are = [...testers].filter(([, tester]) => tester.state === state);
  const choice = are.length > 0 ? are : [...testers];
  return choice[which % Math.max(1, choice.length)]?.[0];
}

const changesKeys = (which: number, key: string) =>
  step(`tester ${which} changes keys`, async ({ connection }, model) => {
    const username = oneOf(model, "active", which);
    if (username !== undefined) await assign(connection, { username, sshKeys: [key] }, APP);
  });

const triesAgain = (which: number) =>
  step(`tester ${which} tries again`, async ({ db }, model) => {
    const username = oneOf(model, "failed", which);
    if (username === undefined) return;
    const retried = findTester(db, { username }).then(({ id }) => retryAssignment(db, id, APP));
    const isRetried = await unlessRefused(["CONFLICT"], retried);
    const tester = model.testers.get(username);
    if (isRetried !== (tester?.state === "failed"))
      throw new Error(`${username} could ${isRetried ? "" : "not "}try again`);
    if (isRetried && tester !== undefined) tester.state = "setting_up";
  });

const leases = (n: number, setups: number, others: number) =>
  step(`relay ${n + 1} leases ${setups} + ${others}`, async (system) => {
    const relay = system.relays[n];
    const node = NODES[n] ?? NODE;
    if (relay === undefined) return;
    await heard(system.db, node, relay.session);
    for (const operation of await relay.lease({ setups, others }))
      system.leased.push({ relay, node, operation });
  });

/** A result of any operation that was ever leased: of one that is lost it changes nothing. */
const ends = (which: number, ending: Ending) =>
  step(`lease ${which} ends ${JSON.stringify(ending)}`, async ({ db, leased }, model) => {
    const one = leased[leased.length - 1 - (which % Math.max(1, leased.length))];
    if (one === undefined) return {};
    const { relay, operation } = one;
    const [standing] = await rows(
      db,
      sql`select 1 from operations where id = ${operation.id} and token = ${operation.token}
        and session = ${relay.session} and state in ('leased', 'cancelling')`,
    );
    if (standing === undefined) {
      const before = await fingerprint(db);
      const isTaken = await unlessRefused(
        ["LEASE_LOST"],
        relay.finish(operation, resultOf(operation, ending)),
      );
      if (isTaken || (await fingerprint(db)) !== before) throw new Error("a stale result changed something");
      return {};
    }
    if (operation.kind === "create") await relay.pinHostKey(operation);
    await relay.finish(operation, resultOf(operation, ending));
    if (operation.kind === "setup") setUpEnded(model, operation.assignment.username, ending);
    return { matches: operation.kind === "create" && ending.how === "well" };
  });

const WELL: Ending = { how: "well", answers: ["alive"], listing: "whole" };

/** A good minute: all that the relay may have is done well, but for set-ups that end so. */
const works = (n: number, setups: Ending["how"] = "well") =>
  step(`relay ${n + 1} does all there is, set-ups ${setups}`, async ({ db, relays }, model) => {
    const relay = relays[n];
    if (relay === undefined) return;
    await heard(db, NODES[n] ?? NODE, relay.session);
    for (const operation of await relay.lease()) {
      if (operation.kind === "create") await relay.pinHostKey(operation);
      const ending = operation.kind === "setup" ? { ...WELL, how: setups } : WELL;
      await relay.finish(operation, resultOf(operation, ending));
      if (operation.kind === "setup") setUpEnded(model, operation.assignment.username, ending);
    }
  });

function setUpEnded(model: Model, username: string, { how }: Ending): void {
  const tester = model.testers.get(username);
  if (tester === undefined) throw new Error(`a set-up for ${username}, who has no assignment`);
  if (tester.state !== "setting_up" || how === "handed back") return;
  if (how === "well") tester.state = "active";
  else if (how === "badly" && tester.swaps < SETTINGS.maxSwaps) backInLine(tester);
  else tester.state = "failed";
}

const sweeps = step("the sweep", async ({ db }, model, { testers }) => {
  for (const { username, isOver } of testers) if (isOver) model.testers.delete(username);
  const failed = (await sweep(db)).filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0)
    throw new Error(`failed: ${failed.map(({ duty, error }) => `${duty} (${error})`).join()}`);
  const stranded = testers.filter(({ state, isBegun }) => state === "setting_up" && !isBegun);
  return { maySwap: stranded.map(({ username }) => username), matches: true };
});

const passes = (seconds: number) => step(`${seconds} s pass`, ({ db }) => passTime(db, seconds));

const relayDies = (n: number) =>
  step(`relay ${n + 1} dies and comes back`, (system) => restartRelay(system, n));

const changes = (targetSize: number, spare: number, image: string, failureThreshold: number) =>
  step(`the pool is put: ${targetSize} + ${spare}, ${image}, ${failureThreshold}`, async ({ db }) => {
    const spec = specOf({
      targetSize,
      maxSize: Math.max(1, targetSize + spare),
      image,
      failureThreshold,
      holdFailedSeconds: 90,
    });
    await putPool(db, poolSpec.parse(spec), ADMIN);
  });

const pauses = (paused: boolean) =>
  step(paused ? "pause" : "resume", async ({ db }) => {
    await pausePool(db, "demo", paused, ADMIN);
  });

const drains = (n: number, scheduling: "open" | "draining") =>
  step(`${NODES[n]} is ${scheduling}`, async ({ db }) => {
    await scheduleNode(db, NODES[n] ?? NODE, scheduling, ADMIN);
  });

const lifts = (n: number) =>
  step(`the brake of ${NODES[n]} is lifted`, async ({ db }) => {
    await unlessRefused(["CONFLICT"], liftBrake(db, { name: NODES[n] ?? NODE }, ADMIN));
  });

const ACTIONS = {
  hold: (db: Installation["db"], id: string) => holdMachine(db, id, undefined, ADMIN),
  unhold: (db: Installation["db"], id: string) => unholdMachine(db, id, ADMIN),
  recreate: (db: Installation["db"], id: string) => recreateMachine(db, id, ADMIN),
  restart: (db: Installation["db"], id: string) => restartMachine(db, id, ADMIN),
  forget: (db: Installation["db"], id: string) => forgetMachine(db, id, undefined, ADMIN),
};

const acts = (action: keyof typeof ACTIONS, which: number) =>
  step(`${action} machine ${which}`, async ({ db }, _, { machines }) => {
    const machine = machines[which % Math.max(1, machines.length)];
    if (machine !== undefined) await unlessRefused(["CONFLICT"], ACTIONS[action](db, machine.id));
  });

const user = fc.constantFrom("ann", "bob", "cy", "dee", "eve", "fay");
const node = fc.nat({ max: 1 });
const ending = fc.record({
  how: fc.constantFrom(...HOWS),
  answers: fc.array(fc.constantFrom(...ANSWERS), { minLength: 1, maxLength: 3 }),
  listing: fc.constantFrom(...LISTINGS),
});
const lease = fc.tuple(node, fc.nat({ max: 2 }), fc.nat({ max: 2 })).map((free) => leases(...free));
const end = fc.tuple(fc.nat({ max: 5 }), ending).map((one) => ends(...one));

/** Every kind of step; those of which a life is mostly made come more often. */
export const STEPS: fc.Arbitrary<Step>[] = [
  lease,
  lease,
  lease,
  node.map((n) => works(n)),
  node.map((n) => works(n)),
  node.map((n) => works(n, "worse")),
  end,
  end,
  end,
  end,
  user.map(asks),
  user.map(asks),
  user.map(asks),
  fc.tuple(fc.nat({ max: 5 }), fc.constantFrom(KEY_A, KEY_B)).map((change) => changesKeys(...change)),
  fc.nat({ max: 5 }).map(triesAgain),
  user.map(leaves),
  fc.constant(sweeps),
  fc.constant(sweeps),
  fc.constantFrom(5, 30, 65, 100, 400).map(passes),
  node.map(relayDies),
  fc
    .tuple(
      fc.nat({ max: 3 }),
      fc.nat({ max: 2 }),
      fc.constantFrom("old", "new"),
      fc.integer({ min: 1, max: 2 }),
    )
    .map((spec) => changes(...spec)),
  fc.boolean().map(pauses),
  fc.tuple(node, fc.constantFrom("open" as const, "draining" as const)).map((to) => drains(...to)),
  node.map(lifts),
  fc
    .tuple(fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])), fc.nat({ max: 4 }))
    .map((act) => acts(...act)),
];
