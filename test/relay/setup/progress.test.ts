import { expect, test } from "vitest";
import { MAX_OUTPUTS } from "../../../src/relay/setup/outputs.ts";
import { applyLine, headingOf, INITIAL, type SetupState, stepOf } from "../../../src/relay/setup/progress.ts";

/** The state after all lines, and what of them is for people. */
function read(...lines: string[]): SetupState & { text: string[] } {
  let state = INITIAL;
  const text: string[] = [];
  for (const line of lines) {
    const applied = applyLine(state, line);
    ({ state } = applied);
    if (applied.text !== null) text.push(applied.text);
  }
  return { ...state, text };
}

const RUN = "::warmpool run-start op.1 100";
const AT = { run: "op.1", percent: 0, outputs: {}, text: [] };

test.each<[string, string[], Partial<ReturnType<typeof read>>]>([
  ["nothing", [], { step: 0 }],
  ["a run begins", [RUN], { ...AT, step: 0 }],
  ["a step begins", [RUN, "::warmpool step-start 1 100"], { ...AT, step: 1 }],
  [
    "a step ends",
    [RUN, "::warmpool step-start 1 1", "::warmpool step-end 1 0 2"],
    { ...AT, step: 1, percent: 100 },
  ],
  [
    "a step fails where it is",
    [RUN, "::warmpool step-start 1 1", "::progress 30", "::warmpool step-end 1 3 2"],
    { step: 1, percent: 30 },
  ],
  [
    "skipped steps count",
    [RUN, "::warmpool step-skipped 1", "::warmpool step-skipped 2"],
    { step: 2, percent: 100 },
  ],
  [
    "progress within a step",
    ["::warmpool step-start 2 1", "::progress 40 half way"],
    { step: 2, percent: 40, text: ["half way"] },
  ],
  ["progress without text", ["::warmpool step-start 2 1", "::progress 40"], { percent: 40, text: [] }],
  ["progress with a percent sign", ["::progress 7% of it"], { percent: 7, text: ["of it"] }],
  [
    "progress never goes back",
    ["::warmpool step-start 2 1", "::progress 40", "::progress 20 again"],
    { percent: 40, text: ["again"] },
  ],
  ["progress is 100 at most", ["::progress 101 too far"], { percent: 0, text: ["::progress 101 too far"] }],
  [
    "the next step starts at nothing",
    ["::warmpool step-start 2 1", "::progress 90", "::warmpool step-start 3 1"],
    { step: 3, percent: 0 },
  ],
  [
    "the same run after a restart",
    [
      RUN,
      "::warmpool step-start 3 1",
      "::progress 50",
      RUN,
      "::warmpool step-skipped 1",
      "::warmpool step-start 3 1",
    ],
    { step: 3, percent: 50 },
  ],
  [
    "another run starts over, outputs stay",
    [
      RUN,
      "::warmpool step-start 3 1",
      "::output a=1",
      "::warmpool run-start op.2 1",
      "::warmpool step-start 1 1",
    ],
    { run: "op.2", step: 1, percent: 0, outputs: { a: "1" } },
  ],
  ["an output", ["::output url=http://x/?a=b"], { outputs: { url: "http://x/?a=b" }, text: [] }],
  ["an output again", ["::output url=1", "::output url=2"], { outputs: { url: "2" } }],
  ["an empty output", ["::output url="], { outputs: { url: "" } }],
  ["an output with a bad name is text", ["::output a-b=1"], { outputs: {}, text: ["::output a-b=1"] }],
  ["a line from Windows", ["::output a=1\r", "hello\r"], { outputs: { a: "1" }, text: ["hello\r"] }],
  ["a marker in mid line is text", ["see ::progress 40"], { percent: 0, text: ["see ::progress 40"] }],
  ["an unknown marker of the runner is none", ["::warmpool run-end ok"], { text: [] }],
  ...["2.5", "0", "-1", "1e3", "NaN", "Infinity", "0x2", "99999", "", " 2", "2 2.5"].map(
    (number): [string, string[], Partial<ReturnType<typeof read>>] => [
      `step ${JSON.stringify(number)} is taken for a step only where it is one`,
      [
        `::warmpool step-start ${number}`,
        `::warmpool step-skipped ${number}`,
        `::warmpool step-end ${number} 0 1`,
      ],
      number === "2 2.5" ? { step: 2, percent: 100, text: [] } : { step: 0, percent: 0, text: [] },
    ],
  ),
  [
    "a value that is too long is cut, and it is said",
    [`::output a=${"x".repeat(5000)}`],
    {
      outputs: { a: `${"x".repeat(4085)}… [cut off]` },
      text: ["[output a truncated after 4096 characters]"],
    },
  ],
  [
    "what a terminal would obey is no part of an output",
    ["::output a=1\u001b[31m\u009b2J\u202e2\u20283\t4"],
    { outputs: { a: "1\uFFFD[31m\uFFFD2J\uFFFD2\uFFFD3\t4" } },
  ],
  ["anything else is text", ["", "  indented", "::other"], { text: ["", "  indented", "::other"] }],
])("%s", (_, lines, expected) => {
  expect(read(...lines)).toMatchObject(expected);
});

test("outputs of any name are own ones, and stay as many as are allowed", () => {
  const names = ["constructor", "toString", "hasOwnProperty"];
  const { outputs } = read(...names.map((name) => `::output ${name}=of ${name}`));
  expect(Object.entries(outputs)).toEqual(names.map((name) => [name, `of ${name}`]));
  const many = read(
    ...Array.from({ length: MAX_OUTPUTS + 2 }, (_, n) => `::output o${n}=1`),
    "::output o0=2",
  );
  expect(Object.keys(many.outputs)).toHaveLength(MAX_OUTPUTS);
  expect(many.outputs["o0"]).toBe("2");
  expect(many.text).toEqual([
    expect.stringContaining(`output o${MAX_OUTPUTS} truncated`),
    expect.stringContaining(`output o${MAX_OUTPUTS + 1} truncated`),
  ]);
});

test("an output named __proto__ → left out and said so: the edge would refuse it with all others", () => {
  const { outputs, text } = read("::output url=x", "::output __proto__=y");
  expect(Object.entries(outputs)).toEqual([["url", "x"]]);
  expect(text).toEqual(["[output __proto__ omitted: not a valid name]"]);
});

test("what a tester sees: step n of m, the hand-over last, never beyond it", () => {
  const titles = ["Prepare", "x".repeat(100), "Hand over"];
  const at = (step: number): ReturnType<typeof stepOf> => stepOf({ ...INITIAL, step, percent: 5 }, titles);
  expect(at(1)).toEqual({ step: 1, steps: 3, title: "Prepare", percent: 5 });
  expect(at(2).title).toBe(`${"x".repeat(79)}…`);
  expect(at(9)).toMatchObject({ step: 3, title: "Hand over" });
});

test("what a step says with its progress is shown, redacted, and ends with the step", () => {
  const hide = (text: string) => text.replaceAll("hunter2", "***");
  const said = (...lines: string[]) =>
    lines.reduce((state, line) => applyLine(state, line, hide).state, INITIAL);
  const first = [RUN, "::warmpool step-start 1 100", "::progress 40 fetching with hunter2"];
  const titles = ["Install", "Start", "Hand over"];
  expect(stepOf(said(...first), titles)).toEqual({
    ...{ step: 1, steps: 3, title: "Install", percent: 40 },
    text: "fetching with ***",
  });
  expect(said(...first, "::progress 50").said).toBe("fetching with ***");
  expect(said(...first, `::progress 50 ${"x".repeat(999)}`).said.length).toBeLessThanOrEqual(200);
  expect(stepOf(said(...first, "::warmpool step-start 2 160"), titles)).not.toHaveProperty("text");
});

test.each([
  ["::warmpool step-start 1 1764497045", "== 10:04:05 UTC step 1 of 2: Install"],
  ["::warmpool step-skipped 1", "== step 1 of 2: Install (done before, skipped)"],
])("the log has a heading where a step begins: %s", (line, heading) => {
  expect(headingOf(1, ["Install", "Hand over"], line)).toBe(heading);
});
