import { z } from "zod";
import { processes } from "../../../../scripts/proc.ts";
import type { Incus } from "../../../../src/relay/drivers/incus/client.ts";
import { soon } from "../conformance.ts";

const daemon = z.object({ environment: z.object({ server_pid: z.int().min(2) }) });
const state = z.object({ pid: z.int().min(2) });

/** Ends Incus and these machines as a host does that loses its power: at once, nobody tidies up. */
export async function losePower(incus: Incus, project: string, names: string[]): Promise<void> {
  const { environment } = await incus.read("/1.0", daemon, soon());
  const machines = await Promise.all(
    names.map((name) => incus.read(`/1.0/instances/${name}/state`, state, soon())),
  );
  const pids = machines.map(({ pid }) => pid);
  const around = processes().filter(
    ({ command }) =>
      names.some((name) => command.includes(`${project}_${name}`)) ||
      (command.includes("forkproxy") && pids.some((pid) => command.includes(` ${pid} `))),
  );
  // The daemon first, so that it cannot tidy up after the rest; then the machines, their monitors and their proxies.
  for (const pid of [environment.server_pid, ...pids, ...around.map((one) => one.pid)]) kill(pid);
}

/** One that has gone with another is gone. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
