import { expect, test } from "vitest";
import { liveLine, plainLine } from "../../../src/cli/views/progress.ts";
import type { Moment } from "../../../src/cli/views/progress.ts";
import { width } from "../../../src/cli/terminal/text.ts";
import { anAssignment, inLine, inSetup } from "../../client/samples.ts";

function moment(assignment: Moment["assignment"], change: Partial<Moment> = {}): Moment {
  return { assignment, elapsedSeconds: 32, connection: "connected", ...change };
}

test("a step shows its number, the bar of the whole set-up, its title, the time and what is left", () => {
  expect(liveLine(moment(inSetup(2, 50)), 79)).toBe(
    "step 2 of 4  ██████░░░░░░░░░░  Install the packages  0:32, about 1m left",
  );
});

test("a long title gives way, the times stay", () => {
  const line = liveLine(moment(inSetup(2, 50, "Install the packages and quite a lot of other things")), 79);
  expect(line).toMatch(/Install the packages a.*…  0:32, about 1m left$/);
  expect(width(line)).toBeLessThanOrEqual(79);
});

test("a title cannot move the cursor", () => {
  expect(liveLine(moment(inSetup(1, 0, "Fetch\u001b[2J\r\nall")), 79)).toContain("Fetch\\u001b[2J ⏎all");
});

test.each([
  [0, 0],
  [100, 4],
  [250, 4],
])("the bar keeps to its length at %i percent of the first step", (percent, full) => {
  const line = liveLine(moment(inSetup(1, percent)), 79);
  expect(line.match(/█*░+/)?.[0]).toHaveLength(16);
  if (percent <= 100) expect(line.match(/█/g) ?? []).toHaveLength(full);
});

test("who waits sees the place and how long it may take", () => {
  expect(liveLine(moment(inLine(3)), 79)).toBe("waiting  place 3 in the queue, about 2m (1m to 4m)  0:32");
});

test("a lost connection is said, beside what was known last", () => {
  expect(liveLine(moment(inLine(3), { connection: "lost" }), 79)).toMatch(
    /place 3 in the queue.*connection lost/,
  );
});

test("a set-up that stands still says why in the place of its step", () => {
  const still = {
    ...inSetup(2, 50),
    error: { code: "machine_silent", message: "The machine does not answer" },
  } as const;
  expect(liveLine(moment(still), 79)).toMatch(/^step 2 of 4  \S+  The machine does not answer  0:32/);
  expect(plainLine(moment(still), moment(inSetup(2, 50)))).toBe(
    "0:32  setting up wp-demo-7, step 2 of 4: The machine does not answer",
  );
});

test("plain lines come when something changes, not with every percent or estimate", () => {
  const first = moment(inSetup(2, 10));
  expect(plainLine(first, null)).toBe("0:32  setting up wp-demo-7, step 2 of 4: Install the packages");
  expect(plainLine(moment(inSetup(2, 90), { elapsedSeconds: 40 }), first)).toBeNull();
  expect(plainLine(moment(inSetup(3, 0)), first)).toBe(
    "0:32  setting up wp-demo-7, step 3 of 4: Install the packages",
  );
  expect(plainLine(moment(anAssignment()), first)).toBe("0:32  active");
  expect(plainLine(moment(inLine(2)), moment(inLine(3)))).toBe("0:32  waiting, place 2 in the queue");
});
