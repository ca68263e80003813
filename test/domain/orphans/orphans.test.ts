import { expect, test } from "vitest";
import { judgeOrphans, type OrphanFacts, type OrphanVerdict } from "../../../src/domain/orphans/orphans.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const APART = SETTINGS.orphanSightingSeconds;
const since = (seconds: number, confirmedBy: string | null = null) => ({ since: at(seconds), confirmedBy });
const seen = (...names: string[]) => names.map((name) => ({ name, waits: null }));
const quiet: OrphanFacts = {
  before: {},
  seen: [],
  leaving: 0,
  brake: null,
  at: at(APART),
  mayTearDown: true,
};
const several = { reason: "several", since: at(0), count: 3 } as const;
const behind = { reason: "behind", since: at(0), seen: 50, known: 40 } as const;

test.each<[string, Partial<OrphanFacts>, OrphanVerdict]>([
  ["nothing is nothing", {}, { sightings: {}, adopt: [], brake: null }],
  [
    "R9 one sighting is noted and no more",
    { seen: seen("a") },
    { sightings: { a: since(APART) }, adopt: [], brake: null },
  ],
  [
    "R9 two that are less than a sweep apart are one",
    { before: { a: since(1) }, seen: seen("a") },
    { sightings: { a: since(1) }, adopt: [], brake: null },
  ],
  [
    "R9 two that are a sweep apart take it down",
    { before: { a: since(0), b: since(1) }, seen: seen("a", "b") },
    { sightings: { b: since(1) }, adopt: ["a"], brake: null },
  ],
  [
    "one that was not seen in between begins anew",
    { before: { b: since(0) }, seen: seen("a") },
    { sightings: { a: since(APART) }, adopt: [], brake: null },
  ],
  [
    "nothing of a braked node goes",
    { before: { a: since(0) }, seen: seen("a"), mayTearDown: false },
    { sightings: { a: since(0) }, adopt: [], brake: null },
  ],
  [
    "R9 three at once are several: none goes",
    { before: { a: since(0), b: since(0) }, seen: seen("a", "b", "c") },
    {
      sightings: { a: since(0), b: since(0), c: since(APART) },
      adopt: [],
      brake: { reason: "several", since: at(APART), count: 3 },
    },
  ],
  [
    "those on their way out count: many do not go in small numbers",
    { before: { a: since(0) }, seen: seen("a"), leaving: 2 },
    {
      sightings: { a: since(0) },
      adopt: [],
      brake: { reason: "several", since: at(APART), count: 3 },
    },
  ],
  [
    "the brake stands while one of them is left",
    { before: { a: since(0) }, seen: seen("a"), brake: several },
    { sightings: { a: since(0) }, adopt: [], brake: several },
  ],
  [
    "and ends when none is",
    { before: { a: since(0) }, brake: several },
    { sightings: {}, adopt: [], brake: null },
  ],
  [
    "what a person named goes, the others stay",
    { before: { a: since(0, "admin:x"), b: since(0) }, seen: seen("a", "b"), brake: several },
    { sightings: { b: since(0) }, adopt: ["a"], brake: several },
  ],
  [
    "what a person named has to be seen twice all the same",
    { before: { a: since(1, "admin:x") }, seen: seen("a") },
    { sightings: { a: since(1, "admin:x") }, adopt: [], brake: null },
  ],
  [
    "an edge that is behind takes nothing down, not even one",
    { before: { a: since(0) }, seen: seen("a"), brake: behind },
    { sightings: { a: since(0) }, adopt: [], brake: behind },
  ],
  [
    "and is behind until a person says otherwise",
    { brake: behind },
    { sightings: {}, adopt: [], brake: behind },
  ],
  [
    "one that was adopted and forgotten goes only when a person says so again",
    {
      before: { a: since(0), b: since(0, "admin:x") },
      seen: [
        { name: "a", waits: "given_up" },
        { name: "b", waits: "given_up" },
      ],
    },
    { sightings: { a: { ...since(0), waits: "given_up" } }, adopt: ["b"], brake: null },
  ],
  [
    "one that had a tester waits for a person's word, and the other goes",
    {
      before: { a: since(0), b: since(0) },
      seen: [
        { name: "a", waits: "had_tester", username: "dave" },
        { name: "b", waits: null },
      ],
    },
    { sightings: { a: { ...since(0), waits: "had_tester", username: "dave" } }, adopt: ["b"], brake: null },
  ],
  [
    "one that appeared as a machine vanished goes on waiting when that machine is replaced",
    { before: { a: { ...since(0), waits: "vanished" } }, seen: seen("a") },
    { sightings: { a: { ...since(0), waits: "vanished" } }, adopt: [], brake: null },
  ],
  [
    "a copy never goes, whatever a person says, and is none of several",
    {
      before: { a: since(0, "admin:x") },
      seen: ["a", "b", "c", "d"].map((name) => ({ name, waits: "copy" as const, of: "demo-1" })),
    },
    {
      sightings: {
        a: { ...since(0, "admin:x"), waits: "copy", of: "demo-1" },
        ...Object.fromEntries(
          ["b", "c", "d"].map((name) => [name, { ...since(APART), waits: "copy", of: "demo-1" }]),
        ),
      },
      adopt: [],
      brake: null,
    },
  ],
])("%s", (_, facts, verdict) => {
  expect(judgeOrphans({ ...quiet, ...facts })).toEqual(verdict);
});
