import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Looks, MOST_LOOKS } from "../../../src/domain/capacity/packing.ts";
import { blocker, type Footprint, placeable, type Room } from "../../../src/domain/capacity/fit.ts";

const machine = (vcpus: number, memoryMib: number, ...disksGib: number[]): Footprint => ({
  vcpus,
  memoryMib,
  bootMemoryMib: 0,
  disksGib,
  asked: {
    ...{ vcpus, memoryMib, diskGib: disksGib[0] ?? 0 },
    ...{ processes: 0, containers: 0, virtualMachines: 0 },
  },
});
const none = Number.POSITIVE_INFINITY;
const largest = { vcpus: none, memoryMib: none, diskGib: none };
const limits = { ...largest, machines: none, processes: none, containers: none, virtualMachines: none };
const room = (vcpus: number, memoryMib: number, ...devicesGib: number[]): Room => ({
  vcpus,
  memoryMib,
  devicesGib,
  limits: { ...limits, devicesGib: devicesGib.map(() => none) },
  largest,
});

describe("a ThreeFold node: 2 SSDs of 1.92 TB, 64 GiB, machines of 502 GiB", () => {
  const GIB = 2 ** 30;
  const ssd = Math.floor(1.92e12 / GIB);
  const memory = 65_536 - Math.max(2048, Math.ceil(65_536 / 10));
  const one = machine(4, 8192, 502);

  test("R5 7 by totals, 6 in truth: each disk has to fit whole on one SSD", () => {
    expect(Math.floor((2 * ssd) / 502)).toBe(7);
    expect(placeable(room(64, memory, ssd, ssd), [], one, 2)).toEqual({ count: 6, binding: "disk" });
  });

  test("R5 5 with one leaked disk, which is taken off the device it is on", () => {
    expect(placeable(room(64, memory, ssd - 502, ssd), [], one, 2).count).toBe(5);
  });

  test("a tenth of the memory is kept back: 8 GiB machines on 64 GiB are 7 and not 8", () => {
    const large = room(64, memory, ssd * 10);
    expect(placeable(large, [], one, 2)).toMatchObject({ count: 7, binding: "memory" });
  });
});

test("what boots at the same time takes more: two of four MiB besides", () => {
  const one = { ...machine(1, 10, 1), bootMemoryMib: 4 };
  expect(placeable(room(99, 48, 99), [], one, 2)).toMatchObject({ count: 4, binding: "memory" });
  expect(placeable(room(99, 47, 99), [], one, 2)).toMatchObject({ count: 3, binding: "memory" });
});

test.each([
  ["limit_machines", { machines: 2 }, 2],
  ["limit_cpu", { vcpus: 3 }, 3],
  ["limit_memory", { memoryMib: 1.5 }, 1],
  ["limit_disk", { diskGib: 39 }, 3],
])("a bound that somebody set: %s", (binding, bound, count) => {
  const bounded = { ...room(99, 99, 99), limits: { ...limits, devicesGib: [none], ...bound } };
  expect(placeable(bounded, [], machine(1, 1, 10), 2)).toEqual({ count, binding });
});

test("where even the booked ones do not fit, nothing more does", () => {
  expect(placeable(room(9, 9, 10), [machine(1, 1, 11)], machine(1, 1, 1), 2)).toMatchObject({
    count: 0,
    binding: "disk",
  });
});

const size = fc.integer({ min: 1, max: 9 });
const footprint = fc
  .tuple(size, size, fc.integer({ min: 0, max: 3 }), fc.array(size, { minLength: 1, maxLength: 2 }))
  .map(([vcpus, memoryMib, bootMemoryMib, disks]): Footprint => ({
    ...machine(vcpus, memoryMib, ...disks),
    bootMemoryMib,
  }));
const anyRoom = fc
  .record({
    vcpus: fc.integer({ min: 0, max: 40 }),
    memoryMib: fc.integer({ min: 0, max: 40 }),
    devices: fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 3 }),
  })
  .map(({ vcpus, memoryMib, devices }) => room(vcpus, memoryMib, ...devices));
const few = fc.array(footprint, { maxLength: 3 });

/** Every way to put the disks on the devices. */
function anyWay(devices: readonly number[], [first, ...rest]: readonly number[]): boolean {
  if (first === undefined) return true;
  return devices.some((free, at) => free >= first && anyWay(devices.with(at, free - first), rest));
}

function bruteForce(of: Room, booked: readonly Footprint[], one: Footprint, booting: number): number {
  const fits = (all: readonly Footprint[]) => {
    const sum = (pick: (machine: Footprint) => number) => all.reduce((total, each) => total + pick(each), 0);
    const boots = all
      .map((each) => each.bootMemoryMib)
      .toSorted((a, b) => b - a)
      .slice(0, booting);
    return (
      sum((each) => each.vcpus) <= of.vcpus &&
      sum((each) => each.memoryMib) + boots.reduce((total, each) => total + each, 0) <=
        (all.length === 0 ? Infinity : of.memoryMib) &&
      anyWay(
        of.devicesGib,
        all.flatMap((each) => each.disksGib).toSorted((a, b) => b - a),
      )
    );
  };
  let count = 0;
  while (fits([...booked, ...Array<Footprint>(count + 1).fill(one)])) count += 1;
  return count;
}

describe("placing", () => {
  test("equals brute force on small cases", () => {
    fc.assert(
      fc.property(anyRoom, few, footprint, fc.integer({ min: 1, max: 3 }), (of, booked, one, booting) => {
        expect(placeable(of, booked, one, booting).count).toBe(bruteForce(of, booked, one, booting));
      }),
      { numRuns: 1000 },
    );
  });

  test("never places what does not fit, and always says what keeps the next one out", () => {
    fc.assert(
      fc.property(anyRoom, few, footprint, (of, booked, one) => {
        const { count, binding } = placeable(of, booked, one, 2);
        const all = [...booked, ...Array<Footprint>(count).fill(one)];
        if (count > 0) expect(blocker(of, all, 2)).toBeNull();
        expect(binding).not.toBeNull();
        expect(binding).toBe(blocker(of, [...all, one], 2));
      }),
    );
  });

  test("one more machine on the node never raises what can be placed", () => {
    fc.assert(
      fc.property(anyRoom, few, footprint, footprint, (of, booked, another, one) => {
        const before = placeable(of, booked, one, 2).count;
        expect(placeable(of, [...booked, another], one, 2).count).toBeLessThanOrEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  test("the order of devices and machines does not matter", () => {
    fc.assert(
      fc.property(anyRoom, few, footprint, (of, booked, one) => {
        const turned = { ...of, devicesGib: of.devicesGib.toReversed() };
        expect(placeable(turned, booked.toReversed(), one, 2)).toEqual(placeable(of, booked, one, 2));
      }),
    );
  });

  test("many machines of a few sizes on many devices are placed at once", () => {
    const devices = Array<number>(24).fill(1788);
    const booked = Array<Footprint>(40).fill(machine(1, 1, 700));
    // Two of 700 on each of 16, one and two of 502 on each of the other 8; the small ones go beside.
    expect(placeable(room(9999, 9999, ...devices), booked, machine(1, 1, 502, 25), 2).count).toBe(16);
  });
});

test("S10 a packing that is hard to find costs a bounded number of looks, however many ways there are", () => {
  let asked = 0;
  class Counting extends Looks {
    override take(): boolean {
      asked += 1;
      return super.take();
    }
  }
  const devices = Array.from({ length: 100 }, (_, at) => 997 + at / 7);
  const booked = [331, 271, 173, 97].flatMap((gib) => Array<Footprint>(90).fill(machine(0, 0, gib)));
  const crumbs = Array<Footprint>(9000).fill(machine(0, 0, 2));
  placeable(
    room(1e9, 1e9, ...devices),
    [...booked, ...crumbs],
    machine(0, 0, 501),
    2,
    new Counting(MOST_LOOKS),
  );
  expect(asked).toBeGreaterThan(MOST_LOOKS / 2);
  expect(asked).toBeLessThan(1.1 * MOST_LOOKS);
});
