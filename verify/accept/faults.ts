import { holdersOf, type Listener, listeners } from "../../scripts/proc.ts";
import type { Machine } from "../harness/interface.ts";
import type { Driver } from "../harness/options.ts";
import { run } from "../harness/program.ts";

/** Real faults of a machine: its server dies, or the machine stops in the middle of everything and never goes on. */
export type Fault = "killed" | "frozen";

const SIGNALS = { killed: "SIGKILL", frozen: "SIGSTOP" } as const;
const INCUS = { killed: ["stop", "--force"], frozen: ["pause"] } as const;

/** @throws Error where the machine is not there to suffer it. */
export async function inflict(
  fault: Fault,
  driver: Driver,
  machine: Pick<Machine, "name" | "port">,
): Promise<void> {
  if (driver === "local") signalServer(machine, SIGNALS[fault]);
  else {
    const ran = await run("incus", ["--project", "warmpool", ...INCUS[fault], machine.name]);
    if (ran.code !== 0)
      throw new Error(`incus ${INCUS[fault].join(" ")} ended with ${ran.code}: ${ran.stderr}`);
  }
}

/** 127.0.0.1 as the kernel writes it; others may listen on the same port of other addresses. */
const LOOPBACK = "0100007F";

function signalServer(machine: Pick<Machine, "name" | "port">, signal: "SIGKILL" | "SIGSTOP"): void {
  for (const pid of serversOf(machine)) process.kill(pid, signal);
}

/**
 * A local machine is processes of this host, its server the one that listens on its port.
 * @throws Error where there is none.
 */
export function serversOf({ name, port }: Pick<Machine, "name" | "port">): number[] {
  const isIts = (socket: Listener) =>
    socket.protocol === "tcp" && socket.port === port && socket.address === LOOPBACK;
  const inode = listeners().find(isIts)?.inode;
  const holders = inode === undefined ? [] : holdersOf(inode);
  if (holders.length === 0) throw new Error(`nothing listens on ${name}'s port ${port}`);
  return holders;
}
