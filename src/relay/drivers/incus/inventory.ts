import * as z from "zod";
import type { Inventory } from "../../../contract/node.ts";
import { DriverError } from "../../driver.ts";
import { pool, poolResources, profile, project, resources, server, sizedInstance } from "./answers.ts";
import { boundsOf, forbidsOf, hidesPool, policyOf } from "./bounds.ts";
import type { Incus } from "./client.ts";
import type { Owner } from "./mark.ts";
import type { Place } from "./place.ts";
import { processesOf, standingOf, stateGib } from "./sizes.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What QEMU takes for a virtual machine besides its memory, and while it boots. A container takes nothing besides. */
const VIRTUAL_MACHINE = { memoryMib: 128, bootMemoryMib: 256, virtualMachineDiskGib: stateGib() };
const CONTAINER = { memoryMib: 0, bootMemoryMib: 0 };

/**
 * What the node has, by Incus's own count: CPUs, memory, the storage pool where all disks of machines are, the
 * instances of all projects by what they are configured to take, and what Warmpool's own project bounds and forbids. A tenth of
 * the memory, at least 2 GiB, is kept back for the node itself.
 */
export async function readInventory(
  incus: Incus,
  place: Place,
  owner: Owner,
  signal: AbortSignal,
): Promise<Inventory> {
  const path = `/1.0/storage-pools/${encodeURIComponent(place.storagePool)}`;
  const everywhere = { query: { recursion: "1" }, scope: "everywhere" } as const;
  const own = await incus.read(`/1.0/projects/${encodeURIComponent(place.project)}`, project, signal);
  if (hidesPool(own.config, place.storagePool)) {
    const why = `the project ${place.project} is not allowed a disk on the storage pool ${place.storagePool} (limits.disk.pool.${place.storagePool}=0)`;
    throw new DriverError("failed", `No machine can be created: ${why}`);
  }
  const [host, about, { space }, { environment }, given, everyone] = await Promise.all([
    incus.read("/1.0/resources", resources, signal),
    incus.read(path, pool, signal),
    incus.read(`${path}/resources`, poolResources, signal),
    incus.read("/1.0", server, signal),
    incus.read(`/1.0/profiles/${encodeURIComponent(place.profile)}`, profile, signal),
    incus.read("/1.0/instances", z.array(sizedInstance), signal, everywhere),
  ]);
  const total = Math.floor(host.memory.total / MIB);
  const limits = boundsOf(own.config, host);
  const forbids = forbidsOf(own, given, place);
  return {
    cpus: host.cpu.total,
    memoryMib: {
      total,
      available: Math.max(0, Math.floor((host.memory.total - host.memory.used) / MIB)),
      reserve: Math.max(2048, Math.ceil(total / 10)),
    },
    disks: [
      {
        name: place.storagePool,
        totalGib: gib(space.total),
        usedGib: gib(space.used),
        thin: about.driver !== "lvm" || about.config["lvm.use_thinpool"] !== "false",
      },
    ],
    machines: everyone.map((instance) => standingOf(instance, place.project, owner, host)),
    overheads: {
      ...(environment.driver.includes("qemu") ? VIRTUAL_MACHINE : CONTAINER),
      processes: processesOf(given),
    },
    policy: policyOf(own, given),
    ...(limits === null ? {} : { limits }),
    ...(forbids.length === 0 ? {} : { forbids }),
  };
}

function gib(bytes: number): number {
  return Math.round((bytes * 100) / GIB) / 100;
}
