import { expect, test } from "vitest";
import { liveLine, plainLine, reasonLine } from "../../../src/cli/views/progress.ts";
import type { Moment } from "../../../src/cli/views/progress.ts";
import { width } from "../../../src/cli/terminal/text.ts";
import { anAssignment, inLine, inSetup } from "../../client/samples.ts";

function moment(assignment: Moment["assignment"], change: Partial<Moment> = {}): Moment {
  return { assignment, elapsedSeconds: 32, outage: null, hindrance: null, isRecovering: false, ...change };
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

test("something does not respond → what, beside what was known last", () => {
  const outage = "connection lost";
  expect(liveLine(moment(inLine(3), { outage }), 79)).toMatch(/place 3 in the queue.*connection lost/);
  expect(plainLine(moment(inLine(3), { outage }), moment(inLine(3)))).toBe("0:32  connection lost, retrying");
});

test("a pool that is hindered → its tester sees why once, and again when it changes", () => {
  const hindrance = "no enrolled node carries the label ssd";
  const waits = moment(inLine(1), { hindrance });
  expect(plainLine(waits, moment(inLine(1)))).toBe(
    "0:32  waiting, place 1 in the queue: no enrolled node carries the label ssd",
  );
  expect(reasonLine(waits, moment(inLine(1)))).toBe("0:32  waiting: no enrolled node carries the label ssd");
  for (const line of [plainLine, reasonLine]) {
    expect(line(waits, waits)).toBeNull();
    expect(line(moment(inLine(1), { hindrance: "n1: braked" }), waits)).toMatch(/: n1: braked$/);
  }
  expect(reasonLine(moment(inSetup(1, 0), { hindrance }), null), "whoever waits no more").toBeNull();
});

test("an outage that has just ended → no node is blamed for not having been heard during it", () => {
  const error = { code: "node_quiet", message: "Its node was last heard 40 s ago" } as const;
  const quiet = { ...inSetup(2, 50), error };
  const recovering = { isRecovering: true, hindrance: "no relay of its nodes is online" };
  expect(plainLine(moment(quiet, recovering), null)).toMatch(/step 2 of 4: waiting for the relay/);
  expect(liveLine(moment(quiet, recovering), 79)).not.toContain("last heard");
  expect(plainLine(moment(inLine(1), recovering), null)).toBe("0:32  waiting, place 1 in the queue");
  expect(plainLine(moment(quiet), null)).toContain("Its node was last heard 40 s ago");
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
