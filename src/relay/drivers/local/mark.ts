/**
 * The ownership mark. A machine's processes are found by what their environment says, never by a recorded pid: a
 * pid file can be lost with a crash and a pid is used again, the environment of a live process is neither.
 * Folders carry the same mark in machine.json (folder.ts). Only what carries the owner's whole mark is ever touched.
 */

/** Whose machines these are: two nodes of one installation on one host must not see each other's. */
export type Owner = { installation: string; node: string };

export type MachineMark = Owner & { machine: string; sshPort: number; httpPort: number };

/**
 * `system`: the processes that make up the machine itself; it runs while one of them does.
 * `child`: what an account of the machine started, marked only where no PID namespace would end it with the machine.
 */
export type Part = "system" | "child";

/** The environment that marks a process, and that everything it starts inherits. */
export function markEnvironment(mark: MachineMark, part: Part): Record<string, string> {
  return {
    WARMPOOL_INSTALLATION: mark.installation,
    WARMPOOL_NODE: mark.node,
    WARMPOOL_MACHINE: mark.machine,
    WARMPOOL_SSH_PORT: String(mark.sshPort),
    WARMPOOL_HTTP_PORT: String(mark.httpPort),
    WARMPOOL_PART: part,
  };
}

/** Reads the mark from an environment as /proc/PID/environ holds it; null where it is not the owner's. */
export function readMark(environ: string, owner: Owner): { mark: MachineMark; part: Part } | null {
  if (!environ.includes("WARMPOOL_MACHINE=")) return null;
  const values = new Map<string, string>();
  for (const line of environ.split("\0")) {
    const at = line.indexOf("=");
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  const machine = values.get("WARMPOOL_MACHINE");
  if (machine === undefined || machine === "") return null;
  if (values.get("WARMPOOL_INSTALLATION") !== owner.installation) return null;
  if (values.get("WARMPOOL_NODE") !== owner.node) return null;
  const port = (name: string) => Number(values.get(name) ?? 0);
  return {
    mark: { ...owner, machine, sshPort: port("WARMPOOL_SSH_PORT"), httpPort: port("WARMPOOL_HTTP_PORT") },
    part: values.get("WARMPOOL_PART") === "system" ? "system" : "child",
  };
}
