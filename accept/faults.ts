import { holdersOf, listeners } from "../scripts/proc.ts";

/** Real faults of a machine on this host: its server is found by the port it listens on, and sent a signal. */
export function signalMachine(machine: { name: string; port: number }, signal: "SIGKILL" | "SIGSTOP"): void {
  const inode = listeners().find(({ protocol, port }) => protocol === "tcp" && port === machine.port)?.inode;
  const holders = inode === undefined ? [] : holdersOf(inode);
  if (holders.length === 0) throw new Error(`nothing listens on ${machine.name}'s port ${machine.port}`);
  for (const pid of holders) process.kill(pid, signal);
}
