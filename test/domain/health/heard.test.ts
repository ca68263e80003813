import { expect, test } from "vitest";
import {
  heardFrom,
  isUp,
  type KnownMachine,
  mayChange,
  notAliveOf,
  type Probed,
} from "../../../src/domain/health/heard.ts";

const KNOWN: KnownMachine = {
  id: "m1",
  name: "warmpool-1",
  pool: "demo",
  state: "ready",
  strikes: 0,
  failureThreshold: 2,
  paused: false,
  doubtful: false,
  cut: false,
};
const NO_KEYS = { ids: new Set<string>(), siblings: new Map<string, string>() };
type Answer = Probed["answers"][number];

/** What is heard of `KNOWN` from a probe with this answer; a listing, where there is one, has these names. */
function heard(answer: Partial<Answer>, names?: string[], strange = NO_KEYS, known = KNOWN) {
  const listing = names === undefined ? null : { complete: true, startedAt: "2026-01-01T00:00:00Z", names };
  const probed = { answers: [{ id: "m1", answer: "alive", cause: null, ...answer }], listing } as Probed;
  const [machine] = heardFrom([known], probed, strange);
  if (machine === undefined) throw new Error("the machine was asked and is not heard");
  return machine;
}

test("a machine that the probe did not ask: nothing was heard from it", () => {
  const probed = { answers: [], listing: null } as unknown as Probed;
  expect(heardFrom([KNOWN], probed, NO_KEYS)).toEqual([]);
});

test("a machine that answers and is missing from a listing that proves absence: dead and absent, since the probe began", () => {
  const machine = heard({}, ["warmpool-2"]);
  expect(machine.heard.listed).toBe(false);
  expect(notAliveOf([machine], {}, "now")).toEqual({
    m1: { answer: "dead", cause: "not in the node's listing", since: "now", down: "absent" },
  });
});

test("a machine that was dead before: it stays dead since then", () => {
  const before = { m1: { answer: "dead" as const, cause: "no route", since: "earlier" } };
  const now = notAliveOf([heard({ answer: "dead", cause: "time-out" })], before, "now");
  expect(now["m1"]).toEqual({ answer: "dead", cause: "time-out", since: "earlier" });
});

test("a host key of another machine of ours: the cause says that the address is wrong, and no key is kept", () => {
  const siblings = { ids: new Set<string>(), siblings: new Map([["SHA256:x", "warmpool-9"]]) };
  const machine = heard({ answer: "dead", cause: "host key", presented: "SHA256:x" }, undefined, siblings);
  expect(machine.heard.cause).toContain("warmpool-9");
  expect(notAliveOf([machine], {}, "now")["m1"]).not.toHaveProperty("presented");
});

test("a host key that nobody knows: it is kept on the node's row", () => {
  const unknown = { ids: new Set(["m1"]), siblings: new Map<string, string>() };
  const machine = heard({ answer: "dead", cause: "host key", presented: "SHA256:y" }, undefined, unknown);
  expect(notAliveOf([machine], {}, "now")["m1"]).toHaveProperty("presented", "SHA256:y");
});

test.each<[string, Partial<Answer>, boolean]>([
  ["alive", {}, true],
  ["dead, and its node does not say that it is stopped", { answer: "dead" }, true],
  ["stopped on its node", { answer: "dead", stopped: true }, false],
  ["unknown", { answer: "unknown" }, false],
])("a machine that is %s: whether it may be running", (_, answer, up) => {
  expect(isUp(heard(answer).heard)).toBe(up);
});

test("a healthy answer changes no row, unless the machine has a strike or is suspect", () => {
  expect(mayChange(heard({}))).toBe(false);
  expect(mayChange(heard({}, undefined, NO_KEYS, { ...KNOWN, strikes: 1 }))).toBe(true);
  expect(mayChange(heard({}, undefined, NO_KEYS, { ...KNOWN, state: "suspect" }))).toBe(true);
  expect(mayChange(heard({ answer: "unknown" }))).toBe(true);
});
