import { expect, test } from "vitest";
import { type Candidate, type ImportFacts, judgeImport } from "../../../src/domain/imports/judge.ts";

/** What speaks against the import of an old record. */

const NOW = Date.parse("2026-11-30T12:00:00Z");
const ANNA: Candidate = { username: "anna", pool: "demo", node: "n1", machine: "vm-anna" };
const NOTHING: ImportFacts = {
  node: { isOnline: true },
  holds: null,
  named: null,
  neighbour: null,
  population: 3,
  maxSize: 10,
};

const judged = (facts: Partial<ImportFacts>, record: Partial<Candidate> = {}) =>
  judgeImport({ ...ANNA, ...record }, { ...NOTHING, ...facts }, NOW);

test("a record: nothing against it → new", () => {
  expect(judged({})).toBe("new");
  expect(judged({}, { user: "anna", expiresAt: "2026-11-30T12:00:01Z" })).toBe("new");
});

test("a record: its tester has that very machine → unchanged, whatever else is wrong by now", () => {
  const holds = { state: "active", machine: "vm-anna", node: "n1" } as const;
  expect(judged({ holds, named: { node: "n1", username: "anna" } })).toBe("unchanged");
  expect(
    judged({ holds, node: { isOnline: false }, population: 10 }, { expiresAt: "2020-01-01T00:00:00Z" }),
  ).toBe("unchanged");
});

test.each<[string, Partial<ImportFacts>, Partial<Candidate>, RegExp]>([
  [
    "another machine",
    { holds: { state: "active", machine: "demo-1", node: "n1" } },
    {},
    /has the machine demo-1/,
  ],
  [
    "the same name elsewhere",
    { holds: { state: "active", machine: "vm-anna", node: "n2" } },
    {},
    /has the machine/,
  ],
  ["a place in the queue", { holds: { state: "waiting", machine: null, node: null } }, {}, /anna is waiting/],
  ["a machine of bob's", { named: { node: "n1", username: "bob" } }, {}, /on node n1, which bob has/],
  ["a machine of nobody's", { named: { node: "n2", username: null } }, {}, /on node n2, which nobody has/],
  ["no such node", { node: null }, {}, /there is no node n1/],
  ["a node that is not online", { node: { isOnline: false } }, {}, /n1 is not online/],
  ["an address that is known", { neighbour: "demo-1-abcd" }, {}, /at that address is demo-1-abcd/],
  ["another login", {}, { user: "ubuntu" }, /logs in as ubuntu/],
  ["an end that is past", {}, { expiresAt: "2026-11-30T12:00:00Z" }, /expired at 2026-11-30T12:00:00Z/],
  ["a full pool", { population: 10 }, {}, /has 10 machines, and its maxSize is 10/],
])("a record: %s → refused, with what to do", (_, facts, record, why) => {
  const verdict = judged(facts, record);
  expect(verdict).toMatchObject({ why: expect.stringMatching(why) as string });
  expect((verdict as { fix: string }).fix).toMatch(/^[A-Z].*\.$/);
});
