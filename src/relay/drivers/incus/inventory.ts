import type { Inventory } from "../../../contract/node.ts";
import { pool, poolResources, resources } from "./answers.ts";
import type { Incus } from "./client.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * What the node has, by Incus's own count: CPUs, memory, and the storage pool, where all disks of machines are. A tenth
 * of the memory, at least 2 GiB, is kept back for the node itself.
 */
export async function readInventory(
  incus: Incus,
  storagePool: string,
  signal: AbortSignal,
): Promise<Inventory> {
  const path = `/1.0/storage-pools/${encodeURIComponent(storagePool)}`;
  const [host, about, { space }] = await Promise.all([
    incus.read("/1.0/resources", resources, signal),
    incus.read(path, pool, signal),
    incus.read(`${path}/resources`, poolResources, signal),
  ]);
  const total = Math.floor(host.memory.total / MIB);
  return {
    cpus: host.cpu.total,
    memoryMib: {
      total,
      available: Math.max(0, Math.floor((host.memory.total - host.memory.used) / MIB)),
      reserve: Math.max(2048, Math.ceil(total / 10)),
    },
    disks: [
      {
        name: storagePool,
        totalGib: gib(space.total),
        usedGib: gib(space.used),
        thin: about.driver !== "lvm" || about.config["lvm.use_thinpool"] !== "false",
      },
    ],
  };
}

function gib(bytes: number): number {
  return Math.round((bytes * 100) / GIB) / 100;
}
