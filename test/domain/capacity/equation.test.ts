import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MACHINE_STATES } from "../../../src/contract/machine.ts";
import type { Inventory } from "../../../src/contract/node.ts";
import type { BookedRow } from "../../../src/domain/capacity/booked.ts";
import { nodeEquation } from "../../../src/domain/capacity/equation.ts";
import type { Standing } from "../../../src/domain/capacity/room.ts";

const shape = { vcpus: 4, memoryMib: 8192, diskGib: 502 };
const asked = { shape, instanceType: null };
const ssd = { totalGib: 1788, thin: false };
const bare = { cpuOvercommit: 8, memoryMib: 0, bootMemoryMib: 0, diskGib: 0 };

/** A node with two SSDs on which these machines stand, a disk each on the device they name. */
function node(...machines: Standing[]): Inventory {
  const used = (device: string) =>
    machines.flatMap(({ disks }) => disks).filter((disk) => disk.device === device);
  return {
    cpus: 16,
    memoryMib: { total: 131_072, available: 120_000, reserve: 13_108 },
    disks: ["sda", "sdb"].map((name) => ({
      ...ssd,
      name,
      usedGib: used(name).reduce((sum, { gib }) => sum + gib, 0),
    })),
    overheads: bare,
    machines,
  };
}

function standing(name: string, device: string, more: Partial<Standing> = {}): Standing {
  const { vcpus, memoryMib, diskGib } = shape;
  const disks = [{ device, gib: diskGib }];
  return { name, ours: true, running: true, vcpus, memoryMib, disks, limited: true, ...more };
}

const row = (name: string, state: BookedRow["state"]): BookedRow => ({
  name,
  state,
  shape,
  instanceType: null,
});
const counts = (equation: { terms: { kind: string; count: number }[] }) =>
  Object.fromEntries(equation.terms.map(({ kind, count }) => [kind, count]));

describe("the equation of a node", () => {
  test("R5 an empty ThreeFold node: 7 nominal, 6 fit, bound by the disks, one lost to fragmentation", () => {
    expect(nodeEquation(node(), [], asked, null)).toMatchObject({
      nominal: 7,
      placeable: 6,
      binding: "disk",
      terms: [{ kind: "fragmentation", count: 1, names: [] }],
    });
  });

  test("R5 with a machine leaked by hand it is 5, and the leaked one has a name", () => {
    const equation = nodeEquation(node(standing("demo-3", "sda")), [], asked, null);
    expect(equation).toMatchObject({ nominal: 7, placeable: 5, drift: { noRow: ["demo-3"], notOnNode: [] } });
    expect(equation.terms).toContainEqual({ kind: "leaked", count: 1, names: ["demo-3"] });
  });

  test("R5 a row stuck in deleting is booked, on the node or not", () => {
    const stuck = [row("demo-9", "deleting")];
    expect(nodeEquation(node(), stuck, asked, null).placeable).toBe(5);
    expect(nodeEquation(node(standing("demo-9", "sdb")), stuck, asked, null).placeable).toBe(5);
  });

  test("R5 somebody else's machine is taken off by its configured size, and named", () => {
    const other = standing("bob", "sdb", { ours: false, disks: [{ device: "sdb", gib: 900 }] });
    const equation = nodeEquation(node(other), [], asked, null);
    expect(equation.placeable).toBe(4);
    expect(equation.terms).toContainEqual(expect.objectContaining({ kind: "unmanaged", names: ["bob"] }));
  });

  test("every state has its term, machines that were promised and are not there yet included", () => {
    const rows = [row("a", "assigned"), row("b", "ready"), row("c", "deleting"), row("d", "provisioning")];
    const equation = nodeEquation(node(standing("a", "sda"), standing("b", "sdb")), rows, asked, null);
    expect(equation).toMatchObject({ nominal: 7, placeable: 2, drift: { notOnNode: [], noRow: [] } });
    expect(counts(equation)).toEqual({
      assigned: 1,
      ready: 1,
      provisioning: 1,
      deleting: 1,
      fragmentation: 1,
    });
  });

  test("a machine that a row says is ready and the node does not show is drift, and stays booked", () => {
    const equation = nodeEquation(node(), [row("a", "ready")], asked, null);
    expect(equation).toMatchObject({ placeable: 5, drift: { notOnNode: ["a"] } });
  });

  test("a bound that somebody set binds, and is a term of its own", () => {
    const equation = nodeEquation({ ...node(), limits: { memoryMib: 3 * 8192 } }, [], asked, null);
    expect(equation).toMatchObject({ placeable: 3, binding: "limit_memory" });
    expect(counts(equation)).toMatchObject({ limits: 4 });
  });

  test("B3 a store that is full of what no machine has is other load, and not kept back", () => {
    for (const thin of [true, false]) {
      const full = { ...node(), disks: [{ name: "pool", totalGib: 2000, usedGib: 1990, thin }] };
      const equation = nodeEquation(full, [], asked, null);
      expect(equation).toMatchObject({ nominal: 3, placeable: 0, binding: "disk" });
      expect(counts(equation)).toEqual({ other_load: 3 });
    }
  });

  test("B3 where machines are not held to their shape, one larger than the node is still too large", () => {
    const flat = { ...node(), flat: { vcpus: 0, memoryMib: 64, diskGib: 0 } };
    expect(nodeEquation(flat, [], asked, null).placeable).toBeGreaterThan(100);
    for (const change of [{ memoryMib: 131_073 }, { diskGib: 1789 }, { vcpus: 129 }]) {
      const large = { ...asked, shape: { ...shape, ...change } };
      expect(nodeEquation(flat, [], large, null)).toMatchObject({
        nominal: 0,
        placeable: 0,
        binding: "too_large",
        terms: [],
      });
    }
  });

  test.each([
    ["container", { containers: 2, virtualMachines: 9 }, 1, "limit_containers"],
    ["virtual-machine", { containers: 9, virtualMachines: 2 }, 1, "limit_virtual_machines"],
    ["virtual-machine", { containers: 0 }, 5, "disk"],
    ["container", { processes: 700 }, 2, "limit_processes"],
    ["virtual-machine", { processes: 0 }, 5, "disk"],
    [
      "container",
      {
        devices: [
          { device: "sda", gib: 502 },
          { device: "sdb", gib: 1200 },
        ],
      },
      2,
      "limit_disk",
    ],
    ["container", { devices: [{ device: "other", gib: 0 }] }, 5, "disk"],
  ] as const)(
    "B4 a bound on a %s of %o leaves %i beside one of its type",
    (instanceType, limits, count, binding) => {
      const there = standing("bob", "sda", { ours: false, instanceType, processes: 0 });
      const bounded: Inventory = {
        ...node(there),
        limits: "devices" in limits ? { devices: [...limits.devices] } : limits,
        overheads: { ...bare, processes: 300 },
      };
      expect(nodeEquation(bounded, [], { shape, instanceType }, null)).toMatchObject({
        placeable: count,
        binding,
      });
    },
  );

  test("on a thin device the budget is the configured size, or what is used where that is more", () => {
    const thin = (usedGib: number): Inventory => ({
      ...node(standing("a", "pool")),
      disks: [{ name: "pool", totalGib: 1100, usedGib, thin: true }],
    });
    expect(nodeEquation(thin(3), [row("a", "ready")], asked, null).placeable).toBe(1);
    expect(nodeEquation(thin(700), [row("a", "ready")], asked, null)).toMatchObject({ placeable: 0 });
  });

  test("a closed node takes none, and the term says so", () => {
    const equation = nodeEquation(node(), [], asked, "draining");
    expect(equation.placeable).toBe(0);
    expect(counts(equation)).toEqual({ fragmentation: 1, closed: 6 });
  });

  test("whatever stands there, nominal less the terms is what can be placed", () => {
    const name = fc.integer({ min: 1, max: 12 }).map((n) => `m${n}`);
    const one = fc.record({
      name,
      device: fc.constantFrom("sda", "sdb"),
      ours: fc.boolean(),
      running: fc.boolean(),
    });
    const states = MACHINE_STATES.filter((state) => state !== "deleted");
    fc.assert(
      fc.property(
        fc.uniqueArray(one, { maxLength: 6, selector: (machine) => machine.name }),
        fc.uniqueArray(fc.record({ name, state: fc.constantFrom(...states) }), {
          maxLength: 6,
          selector: (booked) => booked.name,
        }),
        (machines, rows) => {
          const there = machines.map(({ name: called, device, ...more }) => standing(called, device, more));
          const equation = nodeEquation(
            node(...there),
            rows.map((booked) => ({ ...booked, shape, instanceType: null })),
            asked,
            null,
          );
          const sum = equation.terms.reduce((total, { count }) => total + count, 0);
          expect(equation.nominal - sum).toBe(equation.placeable);
        },
      ),
    );
  });
});
