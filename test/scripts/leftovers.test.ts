import { expect, test } from "vitest";
import { otherProcesses } from "../../scripts/leftovers/host.ts";

const process = (pid: number, parent: number) => ({
  pid,
  parent,
  isZombie: false,
  startTime: pid,
  command: `p${pid}`,
});
/** 1 has started the shell 2, which runs the suite 3 and, beside it, the lane 10 with 11 and 12 in it; 20 is somebody's. */
const ALL = [
  process(1, 0),
  process(2, 1),
  process(3, 2),
  process(4, 3),
  process(10, 2),
  process(11, 10),
  process(12, 11),
  process(20, 1),
];
const pids = (beside: number | null) => otherProcesses(ALL, 3, beside).map(({ pid }) => pid);

test("leftovers: the suite's own processes are looked at, those above it are not", () => {
  expect(pids(null)).toEqual([4, 10, 11, 12, 20]);
});

test("leftovers: a lane beside the suite is left out with all that descends from it, and nothing else", () => {
  expect(pids(10)).toEqual([4, 20]);
});
