import { readFile, statfs } from "node:fs/promises";
import { cpus } from "node:os";
import type { Inventory } from "../../../contract/node.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What the server of one takes: 50 of them took 826 MiB. */
const MACHINE = { vcpus: 0, memoryMib: 64, diskGib: 0 };

/**
 * What this host really has. A local machine takes what it uses and no more, whatever its shape says, so all are of one
 * size and the disk is thin. A tenth of the memory, at least 2 GiB, is kept back for the host itself.
 * @param machines the owner's, by name
 */
export async function readInventory(
  root: string,
  machines: readonly { name: string; running: boolean }[],
): Promise<Inventory> {
  const [meminfo, disk] = await Promise.all([readFile("/proc/meminfo", "utf8"), statfs(root)]);
  const total = mebibytes(meminfo, "MemTotal");
  const gib = (blocks: number) => Math.round((blocks * disk.bsize * 100) / GIB) / 100;
  return {
    cpus: cpus().length,
    memoryMib: {
      total,
      available: mebibytes(meminfo, "MemAvailable"),
      reserve: Math.max(2048, Math.ceil(total / 10)),
    },
    // What only root may use counts as used: it is not there for machines of an ordinary user.
    disks: [{ name: root, totalGib: gib(disk.blocks), usedGib: gib(disk.blocks - disk.bavail), thin: true }],
    machines: machines.map((machine) => ({
      ...machine,
      ours: true,
      vcpus: MACHINE.vcpus,
      memoryMib: MACHINE.memoryMib,
      disks: [],
      limited: false,
    })),
    flat: MACHINE,
  };
}

function mebibytes(meminfo: string, field: string): number {
  const line = meminfo.split("\n").find((one) => one.startsWith(`${field}:`));
  const found = /(\d{1,15}) kB$/.exec(line ?? "");
  if (found === null) throw new Error(`/proc/meminfo has no ${field}: this kernel's memory cannot be read`);
  return Math.floor((Number(found[1]) * 1024) / MIB);
}
