import type { Inventory } from "../../../src/contract/node.ts";
import { type CreateRequest, DriverError } from "../../../src/relay/driver.ts";
import type { Domain } from "./look.ts";
import { together, type Virsh } from "./virsh.ts";

/** What the host has. A disk takes what is written to it; a tenth of the memory, 2 GiB at least, is the host's own. */
export async function readCapacity(virsh: Virsh, pool: string, signal: AbortSignal): Promise<Inventory> {
  const asked = together([["nodeinfo"], ["nodememstats"], ["pool-info", "--bytes", pool]]);
  const printed = await virsh(asked, { signal });
  const value = (key: string): number => {
    const found = new RegExp(`^${key.replace("(", "\\(").replace(")", "\\)")} *: *(\\d+)`, "m").exec(
      printed,
    )?.[1];
    if (found !== undefined) return Number(found);
    throw new DriverError(
      "retry",
      `virsh did not say the node's "${key}": is the storage pool ${pool} active?`,
    );
  };
  const mib = (key: string) => Math.floor(value(key) / 1024);
  const gib = (bytes: number) => Math.round((bytes * 100) / 2 ** 30) / 100;
  const total = mib("total");
  const disk = value("Capacity");
  return {
    cpus: value("CPU(s)"),
    memoryMib: {
      total,
      available: mib("free") + mib("buffers") + mib("cached"),
      reserve: Math.max(2048, Math.ceil(total / 10)),
    },
    disks: [{ name: pool, totalGib: gib(disk), usedGib: gib(disk - value("Available")), thin: true }],
  };
}

/**
 * A machine gets what no other domain was promised, whoever's that is and whether it runs or not.
 * @throws DriverError `no_capacity`
 */
export function assertFits({ shape }: CreateRequest, inventory: Inventory, domains: Domain[]): void {
  const { cpus, memoryMib, disks } = inventory;
  const promised = domains.reduce((sum, domain) => sum + domain.memoryMib, 0);
  const freeMib = memoryMib.total - memoryMib.reserve - promised;
  const freeGib = Math.max(...disks.map(({ totalGib, usedGib }) => totalGib - usedGib));
  const lacks = [
    ...(shape.vcpus > cpus ? [`${shape.vcpus} of ${cpus} CPUs`] : []),
    ...(shape.memoryMib > freeMib ? [`${shape.memoryMib} of ${Math.max(0, freeMib)} MiB of memory`] : []),
    ...(shape.diskGib > freeGib ? [`${shape.diskGib} of ${Math.floor(freeGib)} GiB of disk`] : []),
  ];
  if (lacks.length > 0)
    throw new DriverError("no_capacity", `The machine needs ${lacks.join(" and ")} left here`);
}
