import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inventory, type Inventory } from "../../../src/contract/node.ts";
import { keptOf, NAMED_STRANGERS } from "../../../src/domain/nodes/inventory.ts";
import { chooseNode, hasNodeFor } from "../../../src/domain/capacity/chooseNode.ts";
import type { NodeFacts } from "../../../src/domain/capacity/nodeFacts.ts";
import { roomOf } from "../../../src/domain/capacity/room.ts";

/** What a node reports is bounded when it comes in, and says the same of its room as all that came in. */

const MACHINES = 5000;

/** What a body has room for: many machines, each with disks, on as many devices as there may be, with numbers that are odd. */
function hostile(): Inventory {
  const device = (at: number) => `${"d".repeat(20)}${at}`;
  return inventory.parse({
    cpus: 1_000_000_000,
    memoryMib: { total: 1_000_000_000, available: 1_000_000_000, reserve: 0 },
    disks: Array.from({ length: 100 }, (_, at) => ({
      name: device(at),
      totalGib: 1000 + at / 7,
      usedGib: 0,
      thin: at % 2 === 0,
    })),
    machines: Array.from({ length: MACHINES }, (_, at) => ({
      name: `m${at}`,
      ours: at % 2 === 0,
      running: at % 3 === 0,
      vcpus: 1e-9,
      memoryMib: 1e-9,
      limited: at % 5 === 0,
      disks: Array.from({ length: at < 200 ? 50 : 3 }, (_unused, disk) => ({
        device: device((at % 50) + disk),
        gib: 1e-9,
      })),
    })),
    overheads: { diskGib: 0.000_000_1, memoryMib: 0, bootMemoryMib: 0 },
  });
}
type Reported = NonNullable<Inventory["machines"]>[number];

/** Counts what is read of it, all the way down. */
function counted<Value extends object>(value: Value): { value: Value; reads: () => number } {
  let reads = 0;
  const watch = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, key, receiver) {
        reads += 1;
        const found: unknown = Reflect.get(target, key, receiver);
        return typeof found === "object" && found !== null ? watch(found) : found;
      },
    });
  return { value: watch(value), reads: () => reads };
}

describe("an inventory as large as the schema allows", () => {
  const kept = keptOf(hostile(), new Set(["m4998"]));

  test("S10 is kept in a size that does not depend on what stands on the node", () => {
    expect(JSON.stringify(kept).length).toBeLessThan(120_000);
    const named = kept.machines?.filter(({ count }) => count === undefined) ?? [];
    expect(named).toHaveLength(2 * NAMED_STRANGERS + 1);
    const all = kept.machines?.reduce((sum, { count }) => sum + (count ?? 1), 0);
    expect(all).toBe(MACHINES);
  });

  test("S10 keeps the name of each machine that has a row", () => {
    expect(kept.machines?.find(({ name }) => name === "m4998")).toMatchObject({ ours: true });
  });

  test("S10 is looked at in a bounded number of steps, whatever is asked of it", () => {
    const { value, reads } = counted(kept);
    const shape = { vcpus: 1, memoryMib: 1024, diskGib: 333 };
    // As many of two sizes as fill the devices, so that a packing is hard to find.
    const rows = Array.from({ length: 250 }, (_, at) => ({
      name: `row-${at}`,
      pool: "demo",
      state: "provisioning" as const,
      shape: { ...shape, diskGib: at % 2 === 0 ? 333 : 271 },
      instanceType: "container" as const,
    }));
    const node: NodeFacts = {
      name: "n",
      state: "online",
      heardLately: true,
      scheduling: "open",
      labels: [],
      braked: false,
      inventory: value,
      inventoryAt: null,
      inventoryAgeSeconds: 1,
      full: {},
      concurrency: 2,
      rows,
      gone: [],
    };
    const wish = { name: "demo", shape, instanceType: "container", placement: "spread" } as const;
    hasNodeFor([node], wish);
    chooseNode([node], wish);
    expect(reads()).toBeLessThan(60_000);
  });
});

test.each([
  ["more than there can be", { cpus: 1e300 }],
  ["no number", { cpus: Number.NaN }],
  ["endless", { memoryMib: { total: Number.POSITIVE_INFINITY, available: 0, reserve: 0 } }],
  ["less than nothing", { disks: [{ name: "d", totalGib: -1, usedGib: 0, thin: false }] }],
  ["endless in a machine", { machines: [{ ...machineOf("a"), memoryMib: 1e308 }] }],
])("S10 a number that is %s is refused", (_, change) => {
  const fine = { cpus: 1, memoryMib: { total: 1, available: 1, reserve: 0 }, disks: [], machines: [] };
  expect(inventory.safeParse(fine).success).toBe(true);
  expect(inventory.safeParse({ ...fine, ...change }).success).toBe(false);
});

function machineOf(name: string, more: Partial<Reported> = {}): Reported {
  return { name, ours: false, running: true, vcpus: 1, memoryMib: 1, disks: [], limited: true, ...more };
}

test("S10 what is kept leaves the same room as what was reported", () => {
  const disk = fc.record({
    device: fc.constantFrom("a", "b", "elsewhere"),
    gib: fc.integer({ min: 0, max: 9 }),
  });
  const reported = fc.array(
    fc.record({
      ours: fc.boolean(),
      running: fc.boolean(),
      limited: fc.boolean(),
      vcpus: fc.integer({ min: 0, max: 4 }),
      memoryMib: fc.integer({ min: 0, max: 64 }),
      disks: fc.array(disk, { maxLength: 4 }),
    }),
    { minLength: 150, maxLength: 200 },
  );
  fc.assert(
    fc.property(reported, fc.boolean(), (found, thin) => {
      const whole: Inventory = {
        cpus: 64,
        memoryMib: { total: 100_000, available: 90_000, reserve: 1000 },
        disks: ["a", "b"].map((name) => ({ name, totalGib: 5000, usedGib: 700, thin })),
        limits: { machines: 500, vcpus: 5000, memoryMib: 50_000, diskGib: 9000 },
        machines: found.map((machine, at) => ({ name: `m${at}`, ...machine })),
      };
      expect(roomOf(keptOf(whole, new Set(["m3"])))).toEqual(roomOf(whole));
    }),
    { numRuns: 15 },
  );
});
