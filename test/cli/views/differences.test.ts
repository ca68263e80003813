import pc from "picocolors";
import { expect, test } from "vitest";
import { planLines, sumText } from "../../../src/cli/views/applyView.ts";
import type { Change } from "../../../src/cli/views/applyView.ts";
import { differences } from "../../../src/cli/views/differences.ts";

test.each([
  [{ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }, []],
  [
    { a: 1, gone: true },
    { a: 2, new: "x" },
    [
      { path: "a", before: 1, after: 2 },
      { path: "new", before: undefined, after: "x" },
      { path: "gone", before: true, after: undefined },
    ],
  ],
  [
    { shape: { vcpus: 1, diskGib: 8 } },
    { shape: { vcpus: 2, diskGib: 8 } },
    [{ path: "shape.vcpus", before: 1, after: 2 }],
  ],
  [
    { keys: ["a", "b"] },
    { keys: ["b", "c"] },
    [
      { path: "keys", before: "a" },
      { path: "keys", after: "c" },
    ],
  ],
  [{ keys: ["a", "b"] }, { keys: ["b", "a"] }, [{ path: "keys", before: ["a", "b"], after: ["b", "a"] }]],
  [
    {
      steps: [
        { id: "x", script: "1" },
        { id: "y", script: "2" },
      ],
    },
    {
      steps: [
        { id: "x", script: "1" },
        { id: "y", script: "3" },
      ],
    },
    [{ path: "steps.y.script", before: "2", after: "3" }],
  ],
  [
    { steps: [{ id: "x" }, { id: "y" }] },
    { steps: [{ id: "y" }, { id: "x" }] },
    [{ path: "steps, order", before: ["x", "y"], after: ["y", "x"] }],
  ],
  [{ nodes: undefined }, {}, []],
  [{ list: [{ a: 1, b: 2 }] }, { list: [{ b: 2, a: 1 }] }, []],
])("%j to %j", (before, after, found) => {
  expect(differences(before, after)).toEqual(found);
});

const change = (given: Partial<Change>): Change => ({
  ...{ kind: "pool", name: "demo", action: "change", differences: [], text: "", removesMachines: false },
  ...given,
});

test("a plan: signs, members that go and come, what follows, and the sum; what stays the same is counted", () => {
  const changes = [
    change({ kind: "recipe", name: "greeter", action: "create", text: "It is new: 1 step." }),
    change({
      differences: differences({ targetSize: 2 }, { targetSize: 5 }),
      text: "3 machines are created.",
    }),
    change({ name: "old", action: "remove", text: "It goes." }),
    change({ name: "same", action: "none" }),
    change({ kind: "token", name: "ci", action: "leave", text: "Make it." }),
  ];
  expect(planLines(changes, { columns: 80, colors: pc.createColors(false) })).toEqual([
    "+ recipe greeter",
    "  It is new: 1 step.",
    "~ pool demo",
    "  - targetSize: 2",
    "  + targetSize: 5",
    "  3 machines are created.",
    "- pool old",
    "  It goes.",
    "! token ci",
    "  Make it.",
    "1 would be created, 1 would be changed, 1 would be removed; unchanged: 1; left to you: 1.",
  ]);
  expect(sumText(changes)).toBe("1 created, 1 changed, 1 removed; unchanged: 1; left to you: 1.");
  expect(sumText([change({ action: "none" })])).toBe("Nothing to change; unchanged: 1.");
});

test("a plan: a script of several lines → the first line that differs", () => {
  const scripts = differences({ script: "a\nb\nc" }, { script: "a\nB\nc\nd" });
  const lines = planLines([change({ differences: scripts })], {
    columns: 40,
    colors: pc.createColors(false),
  });
  expect(lines.slice(1, 3)).toEqual(['  - script, line 2: "b"', '  + script, line 2: "B"']);
});

test("a plan: foreign text that a terminal would obey → shown", () => {
  const found = differences({ image: "a\u001b[2J" }, { image: "b\u009b" });
  const lines = planLines([change({ differences: found })], { columns: 80, colors: pc.createColors(false) });
  expect(lines.slice(1, 3)).toEqual(['  - image: "a\\u001b[2J"', '  + image: "b\\u009b"']);
});
