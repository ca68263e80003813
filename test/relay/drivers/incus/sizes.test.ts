import { describe, expect, test } from "vitest";
import { bytes, cpus, standingOf } from "../../../../src/relay/drivers/incus/sizes.ts";

const host = { cpu: { total: 8 }, memory: { total: 16 * 2 ** 30, used: 0 } };
const owner = { installation: "one", node: "n1" };
const marks = { "user.warmpool.installation": "one", "user.warmpool.node": "n1" };

test.each([
  ["2GiB", 2 * 2 ** 30],
  ["512MiB", 512 * 2 ** 20],
  ["1.5GB", 1.5e9],
  ["300MB", 3e8],
  ["1024", 1024],
  ["1024B", 1024],
  ["4kB", 4000],
  ["25%", 4 * 2 ** 30],
  ["", null],
  ["many", null],
  // More than anybody has: the edge would refuse it, and the whole inventory with it.
  ["9".repeat(400), null],
  ["9".repeat(18) + "EiB", null],
  [undefined, null],
])("a size of %s", (text, expected) => {
  expect(bytes(text, host.memory.total)).toBe(expected);
});

test("a share of nothing known is no size", () => {
  expect(bytes("25%", null)).toBeNull();
});

test.each([
  ["3", 3],
  ["0-3", 4],
  ["0-1,5,7-7", 4],
  ["", null],
  ["all", null],
  ["5-2", null],
  ["9".repeat(400), null],
])("CPUs of %s", (text, expected) => {
  expect(cpus(text)).toBe(expected);
});

describe("an instance", () => {
  const instance = {
    name: "demo-1",
    project: "warmpool",
    type: "container" as const,
    status: "Stopped",
    expanded_config: { ...marks, "limits.cpu": "2", "limits.memory": "512MiB" },
    expanded_devices: {
      root: { type: "disk", pool: "fast", size: "10GiB" },
      home: { type: "disk", pool: undefined, size: undefined },
      ssh: { type: "proxy", pool: undefined, size: undefined },
    },
  };

  test("of ours is what it is configured to take", () => {
    expect(standingOf(instance, "warmpool", owner, host)).toEqual({
      name: "demo-1",
      ours: true,
      running: false,
      vcpus: 2,
      memoryMib: 512,
      disks: [{ device: "fast", gib: 10 }],
      limited: true,
      instanceType: "container",
      processes: 0,
    });
  });

  test("as a virtual machine has a volume of its own for its state, and no processes that count", () => {
    const config = { ...instance.expanded_config, "limits.processes": "300" };
    const devices = { root: { type: "disk", path: "/", pool: "fast", size: "10GiB" } };
    const machine = { ...instance, expanded_config: config, expanded_devices: devices };
    const virtual = { ...machine, type: "virtual-machine" as const };
    expect(standingOf(machine, "warmpool", owner, host)).toMatchObject({
      processes: 300,
      disks: [{ gib: 10 }],
    });
    expect(standingOf(virtual, "warmpool", owner, host)).toMatchObject({
      processes: 0,
      disks: [{ gib: 10 + 500 / 1024 }],
    });
  });

  test("in another project is not ours whatever its marks, and no bound of ours counts it", () => {
    expect(standingOf({ ...instance, project: "default" }, "warmpool", owner, host)).toMatchObject({
      ours: false,
      limited: false,
    });
  });

  test("of another installation in our project counts against the bounds", () => {
    const expanded_config = { ...instance.expanded_config, "user.warmpool.installation": "two" };
    expect(standingOf({ ...instance, expanded_config }, "warmpool", owner, host)).toMatchObject({
      ours: false,
      limited: true,
    });
  });
});
