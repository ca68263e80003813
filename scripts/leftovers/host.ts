import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listeners, type Process, processes } from "../proc.ts";

/** What the system itself has: processes, listening sockets, mounts, accounts, and the names in folders. */
const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = [
  "/tmp",
  "/var/tmp",
  "/dev/shm",
  "/run",
  "/run/lock",
  "/var/lib",
  "/home",
  "/etc",
  "/etc/sudoers.d",
];
const ACCOUNTS = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid", "sudoers", "hosts"];

/**
 * @param apart paths that may come and go: the run's own folder. Nothing in or named after them is looked at.
 * @param beside a process that is left out with its descendants, or null
 */
export function hostHoldings(apart: readonly string[], beside: number | null): Record<string, string[]> {
  const home = homedir();
  const folders = new Set([
    ...FOLDERS,
    tmpdir(),
    home,
    join(home, ".cache"),
    join(home, ".config"),
    CHECKOUT,
  ]);
  const isApart = (path: string) => apart.includes(path);
  return {
    process: otherProcesses(processes(), process.pid, beside).map(nameOf),
    socket: [
      ...listeners().map(({ protocol, address, port }) => `${protocol} ${address}:${port}`),
      ...unixSockets(),
    ],
    mount: mounts(),
    account: ACCOUNTS.map((name) => `/etc/${name} ${contentOf(join("/etc", name))}`),
    file: [...folders].flatMap(namesIn).filter((path) => !isApart(path)),
  };
}

/**
 * A process by its id and start, so that another one of the same program is another one. The daemon of Incus goes by its
 * program alone: tests take its power away and bring it back, and what counts is that there is one where there was one.
 */
function nameOf({ pid, startTime, command }: Process): string {
  return /\/incusd --group /.test(command) ? command : `${pid}@${startTime} ${command}`;
}

/**
 * All but `self` and its ancestors (npm and the shells around it are no part of what is compared), and all but `beside`
 * and its descendants.
 */
export function otherProcesses(all: readonly Process[], self: number, beside: number | null): Process[] {
  const byPid = new Map(all.map((process) => [process.pid, process]));
  const line = (pid: number): number[] => {
    const pids: number[] = [];
    for (let next = pid; byPid.has(next); next = byPid.get(next)?.parent ?? 0) pids.push(next);
    return pids;
  };
  const above = new Set(line(self));
  return all.filter(({ pid }) => !above.has(pid) && (beside === null || !line(pid).includes(beside)));
}

/**
 * Listening unix sockets, those without a file (abstract ones) with a leading @. One that the kernel named (five digits,
 * see unix(7), "Autobind feature") gets another name with every start, so these are counted.
 */
function unixSockets(): string[] {
  const ACCEPTS = "00010000";
  const KERNEL_NAMED = /^@[0-9a-f]{5}$/;
  const names = lines("/proc/net/unix")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === ACCEPTS)
    .map((fields) => fields[7])
    .filter((name) => name !== undefined);
  const unnamed = names.filter((name) => KERNEL_NAMED.test(name));
  return [
    ...names.filter((name) => !KERNEL_NAMED.test(name)).map((name) => `unix ${name}`),
    ...unnamed.map((_, index) => `unix ${index + 1} of those that the kernel names`),
  ];
}

function mounts(): string[] {
  return lines("/proc/self/mounts").map((line) => line.split(" ").slice(0, 3).join(" "));
}

function lines(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function contentOf(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 12);
  } catch {
    return "absent";
  }
}
