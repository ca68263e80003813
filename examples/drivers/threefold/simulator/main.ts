import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localMachines } from "./localMachines.ts";
import { startSimulator } from "./simulator.ts";

/**
 * Runs a simulated grid until it is interrupted, and prints the settings of the driver program for it. Its node has two
 * SSDs of 1.92 TB. `leaks` as an argument leaves the disks of deleted machines where they are.
 */
const stopped = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
});
const folder = await mkdtemp(join(tmpdir(), "warmpool-grid-"));
const machines = join(folder, "machines");
await mkdir(machines);
const hypervisor = localMachines(machines, 500);
const simulator = await startSimulator(
  {
    devices: ["nvme0", "nvme1"].map((name) => ({ name, size: 1.92e12 })),
    ...{ memoryMib: 131_072, cpus: 32, blockMs: 50, indexMs: 500, noticeMs: 300 },
    leaks: process.argv.includes("leaks"),
  },
  hypervisor,
);
for (const [name, value] of Object.entries(simulator.env)) console.log(`export ${name}=${value}`);
await stopped;
await simulator[Symbol.asyncDispose]();
await hypervisor[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });
