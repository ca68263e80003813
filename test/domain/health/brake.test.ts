import { expect, test } from "vitest";
import {
  type BrakeFacts,
  type CanaryFacts,
  judgeBrake,
  planCanary,
  type Tally,
} from "../../../src/domain/health/brake.ts";
import { canaryBackoffSeconds } from "../../../src/domain/core/backoff.ts";

const NOBODY: Tally = { probed: 0, answered: 0, dead: 0 };
const heard = (dead: number, answered: number, unknown = 0): Tally => ({
  probed: answered + unknown,
  answered,
  dead,
});
const facts = (change: Partial<BrakeFacts>): BrakeFacts => ({
  standing: null,
  machines: NOBODY,
  witnesses: NOBODY,
  whole: true,
  ...change,
});

test.each<[string, Tally, "trip" | "none"]>([
  ["2 of 3", heard(2, 3), "trip"],
  ["5 of 5", heard(5, 5), "trip"],
  ["4 of 10", heard(4, 10), "none"],
  ["1 of 1", heard(1, 1), "none"],
  ["1 of 2", heard(1, 2), "none"],
  ["5 of 10", heard(5, 10), "none"],
  ["2 of 2 that could be asked, of 6", heard(2, 2, 4), "trip"],
  ["none of those that could be asked", heard(0, 0, 6), "none"],
])("R7 the brake trips when most are dead: %s", (_, machines, step) => {
  expect(judgeBrake(facts({ machines }))).toEqual({ step, mayTearDown: step === "none" });
});

const braked = { released: null };
const byCanary = { released: "canary" as const };
test.each<[string, Partial<BrakeFacts>, ReturnType<typeof judgeBrake>]>([
  [
    "holds while most are dead",
    { standing: braked, machines: heard(3, 5) },
    { step: "none", mayTearDown: false },
  ],
  [
    "holds at half and half",
    { standing: braked, machines: heard(2, 4) },
    { step: "none", mayTearDown: false },
  ],
  [
    "holds while nobody could be asked",
    { standing: braked, machines: heard(0, 0, 5) },
    { step: "none", mayTearDown: false },
  ],
  [
    "lifts when most answer again",
    { standing: braked, machines: heard(1, 3) },
    { step: "lift", mayTearDown: true },
  ],
  ["lifts when no machine is left", { standing: braked }, { step: "lift", mayTearDown: true }],
  [
    "believes a canary that answers",
    { standing: byCanary, machines: heard(5, 6), witnesses: heard(0, 1) },
    { step: "none", mayTearDown: true },
  ],
  [
    "believes it no more when it is dead itself",
    { standing: byCanary, machines: heard(6, 6), witnesses: heard(1, 1) },
    { step: "renew", mayTearDown: false },
  ],
  [
    "wants another when it is gone",
    { standing: byCanary, machines: heard(5, 5) },
    { step: "renew", mayTearDown: false },
  ],
  [
    "waits where it could not be asked",
    { standing: byCanary, machines: heard(5, 5, 1), witnesses: heard(0, 0, 1) },
    { step: "none", mayTearDown: false },
  ],
  [
    "does not judge it by a look at some only",
    { standing: byCanary, machines: heard(5, 5), whole: false },
    { step: "none", mayTearDown: false },
  ],
  [
    "takes a person's word",
    { standing: { released: "person" }, machines: heard(5, 5) },
    { step: "none", mayTearDown: true },
  ],
])("R7 the brake %s", (_, change, verdict) => {
  expect(judgeBrake(facts(change))).toEqual(verdict);
});

const quiet: CanaryFacts = {
  paused: false,
  open: true,
  due: true,
  provisioning: 0,
  room: 1,
  nodeFull: false,
  madeRoom: null,
  hasSpareSuspect: true,
};
test.each<[string, Partial<CanaryFacts>, ReturnType<typeof planCanary>]>([
  ["is made where there is room", {}, "create"],
  ["takes the place of a suspect at maxSize", { room: 0 }, "make_room"],
  ["takes the place of a suspect where the node is full", { nodeFull: true }, "make_room"],
  ["waits for that place", { room: 0, madeRoom: "leaving" }, "wait"],
  ["is made when the place is free", { nodeFull: true, madeRoom: "gone" }, "create"],
  ["costs one suspect and no more", { room: 0, madeRoom: "gone" }, "no_room"],
  ["does not cost an assigned machine", { room: 0, hasSpareSuspect: false }, "no_room"],
  ["is one at a time", { provisioning: 1 }, "wait"],
  ["waits for its backoff", { due: false }, "wait"],
  ["waits for its node", { open: false }, "wait"],
  ["is not made for a paused pool", { paused: true }, "wait"],
])("R7 a canary %s", (_, change, step) => {
  expect(planCanary({ ...quiet, ...change })).toBe(step);
});

test("R7 canaries that fail come later each time: 30 s to 10 minutes", () => {
  expect([1, 2, 3].map((tries) => canaryBackoffSeconds(tries, 0.5))).toEqual([30, 60, 120]);
  expect(canaryBackoffSeconds(1000, 0.5)).toBe(600);
});
