import type { Inventory } from "../../../src/contract/node.ts";
import { type CreateRequest, DriverError } from "../../../src/relay/driver.ts";
import { diskData, machineData, type Pools } from "./answers.ts";
import { DISK } from "./deployment.ts";
import type { Grid } from "./grid.ts";
import { type Machine, mainPart, type Sight, stateOf, virtualMachine } from "./look.ts";
import { isOwn, type Owner } from "./mark.ts";
import type { Settings } from "./settings.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** What zos keeps back for itself: a tenth of the memory, and not less than this. */
const LEAST_RESERVE_MIB = 2048;
/** An image is fetched and a machine booted at a time. */
const CONCURRENCY = 2;

/**
 * What the node has, each SSD separately: no disk is ever split. What is used of a device comes from the device itself,
 * so a disk that has outlived its machine is not offered again, although no call shows whose it was.
 */
export async function readCapacity(
  grid: Grid,
  owner: Owner,
  { rootGib }: Settings,
  sight: Sight,
  signal: AbortSignal,
): Promise<Inventory> {
  const { total, used, system } = await grid.statistics(signal);
  const devices = (await grid.pools(signal)).filter(({ type }) => type.toLowerCase() === "ssd");
  const totalMib = Math.floor(total.mru / MIB);
  return {
    cpus: total.cru,
    memoryMib: {
      total: totalMib,
      available: Math.max(0, totalMib - Math.ceil(used.mru / MIB)),
      reserve: Math.max(LEAST_RESERVE_MIB, Math.ceil(totalMib / 10), Math.ceil(system.mru / MIB)),
    },
    disks: devices.map((device) => ({
      name: device.name,
      totalGib: device.size / GIB,
      usedGib: device.used / GIB,
      thin: false,
    })),
    machines: standing(sight, owner, devices),
    // Memory of a machine is what it was deployed with, and its root disk is one more disk.
    overheads: { memoryMib: 0, bootMemoryMib: 0, diskGib: rootGib },
    concurrency: CONCURRENCY,
  };
}

type Standing = NonNullable<Inventory["machines"]>;

/** Machines of this account. Those of others show in what is used only. */
function standing({ machines }: Sight, owner: Owner, devices: Pools): Standing {
  const left = devices.map(({ name, used }) => ({ name, bytes: used }));
  return machines.map((machine) => {
    const part = mainPart(machine);
    const { compute_capacity: compute } = machineData.safeParse(virtualMachine(part)?.data).data ?? {};
    return {
      name: machine.name,
      ours: isOwn(owner, part.marked),
      running: stateOf(part) !== "stopped",
      vcpus: compute?.cpu ?? 0,
      memoryMib: Math.ceil((compute?.memory ?? 0) / MIB),
      disks: disksOf(machine).flatMap((bytes) => {
        // The grid does not say on which device a disk is. It is named one on which so much is used, which leaves the
        // same room on each whichever it is.
        const device = left.find((one) => one.bytes >= bytes);
        if (device === undefined) return [];
        device.bytes -= bytes;
        return [{ device: device.name, gib: bytes / GIB }];
      }),
      limited: true,
    };
  });
}

/** Sizes of all its disks that the node has made, in bytes. */
function disksOf({ parts }: Machine): number[] {
  const workloads = parts.flatMap(({ deployment }) => deployment?.workloads ?? []);
  return workloads
    .filter(({ result }) => result.state === "ok" || result.state === "paused")
    .flatMap(({ type, data }) => (type === DISK ? diskData : machineData).safeParse(data).data?.size ?? []);
}

/**
 * Asked before anything is paid for. The node has the last word, because others may be creating at the same moment.
 * @throws DriverError `no_capacity`
 */
export function assertFits({ shape }: CreateRequest, { rootGib }: Settings, inventory: Inventory): void {
  const { cpus, memoryMib, disks } = inventory;
  const promised = (inventory.machines ?? []).reduce((sum, machine) => sum + machine.memoryMib, 0);
  const freeMib = Math.min(memoryMib.total - memoryMib.reserve - promised, memoryMib.available);
  const free = disks.map(({ totalGib, usedGib }) => totalGib - usedGib);
  const lacks = [
    ...(shape.vcpus > cpus ? [`has ${cpus} CPUs and not ${shape.vcpus}`] : []),
    ...(shape.memoryMib > freeMib
      ? [`has ${Math.max(0, freeMib)} MiB of memory left and not ${shape.memoryMib}`]
      : []),
    ...(fitWhole(free, [shape.diskGib, rootGib])
      ? []
      : [
          `has no SSD with room for a disk of ${shape.diskGib} GiB, and for a root disk of ${rootGib} GiB there or elsewhere: ${free.map(Math.floor).join(", ")} GiB are left`,
        ]),
  ];
  if (lacks.length > 0) throw new DriverError("no_capacity", `The node ${lacks.join(", and ")}`);
}

/** Whether each disk has a device of its own to fit on, or shares one. */
function fitWhole(free: readonly number[], [gib, ...others]: readonly number[]): boolean {
  if (gib === undefined) return true;
  return free.some(
    (room, at) =>
      room >= gib &&
      fitWhole(
        free.map((other, index) => (index === at ? room - gib : other)),
        others,
      ),
  );
}
