import type { CreateRequest } from "../../../src/relay/driver.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import type { Hypervisor, NodeOptions } from "../../../examples/drivers/threefold/simulator/node.ts";
import { startSimulator } from "../../../examples/drivers/threefold/simulator/simulator.ts";
import type { Pace } from "../../../examples/drivers/threefold/simulator/chain.ts";
import { readSettings } from "../../../examples/drivers/threefold/settings.ts";
import { gridDriver } from "../../../examples/drivers/threefold/threefold.ts";
import { gridOf } from "../../../examples/drivers/threefold/grid.ts";

/** A simulated grid without a pause in it, and the driver for it, in this process. */
export const OWNER = { installation: "0b7f4a5e-9a55-4c62-8f0e-6f1d2c3b4a59", node: "n1" };
const TWO_SSDS = ["nvme0", "nvme1"].map((name) => ({ name, size: 1.92e12 }));

/** Machines that nobody looks into: nothing answers where they are, on port 1. */
export const NOTHING: Hypervisor = {
  boot: async () => "::1",
  stop: async () => undefined,
  start: async () => undefined,
  destroy: async () => undefined,
};

export async function testGrid(options: Partial<NodeOptions & Pace> = {}, hypervisor = NOTHING) {
  const simulator = await startSimulator(
    {
      devices: TWO_SSDS,
      ...{ memoryMib: 131_072, cpus: 16, leaks: false, noticeMs: 0, blockMs: 0, indexMs: 0 },
      ...options,
    },
    hypervisor,
  );
  const settingsWith = (env: Record<string, string> = {}) => readSettings({ ...simulator.env, ...env });
  return {
    ...simulator,
    settings: settingsWith(),
    grid: gridOf(settingsWith()),
    driver: gridDriver(OWNER, settingsWith()),
    driverOf: (owner: typeof OWNER, env?: Record<string, string>) => gridDriver(owner, settingsWith(env)),
  };
}

export function requestOf(name: string, diskGib: number, port = 20_017): CreateRequest {
  return {
    name,
    mark: { ...OWNER, machine: name },
    shape: { vcpus: 1, memoryMib: 1024, diskGib },
    image: "https://hub.grid.tf/tf-official-vms/ubuntu-24.04.flist",
    instanceType: "virtual-machine",
    authorizedKeys: [makeKeyPair("relay").publicKey],
    hostKey: makeHostKey(name).pair,
    port,
    httpPort: port + 1,
  };
}
