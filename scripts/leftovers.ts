import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { listeners, processes } from "./proc.ts";

/**
 * What a host has that a run may leave behind: processes, listening sockets, mounts, accounts, and the names in the
 * folders where programs put things. Two snapshots of it, before and after, must differ by nothing.
 *
 *   node scripts/leftovers.ts save FILE [APART…]       takes a snapshot
 *   node scripts/leftovers.ts compare FILE [APART…]    prints the differences since then, exit code 1 where there are some
 */
export type Snapshot = Record<string, string[]>;

const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
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

/** @param apart paths that may come and go: the run's own folder. Nothing in or named after them is looked at. */
export function snapshot(apart: readonly string[] = []): Snapshot {
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
    process: otherProcesses().map(({ pid, startTime, command }) => `${pid}@${startTime} ${command}`),
    socket: [
      ...listeners().map(({ protocol, address, port }) => `${protocol} ${address}:${port}`),
      ...unixSockets(),
    ],
    mount: mounts(),
    account: ACCOUNTS.map((name) => `/etc/${name} ${contentOf(join("/etc", name))}`),
    file: [...folders].flatMap(namesIn).filter((path) => !isApart(path)),
  };
}

/** What ends by itself (a database's last process, a socket on its way) gets so long to do it. */
const SETTLE_MS = 10_000;

/** The differences since `before` that stay, looked for again for up to 10 s; see `differences`. */
export async function leftSince(before: Snapshot, apart: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const found = differences(before, snapshot(apart));
    if (found.length === 0 || performance.now() >= deadline) return found;
    await delay(250);
  }
}

/** One line a difference, `+` for what is there now and was not. */
function differences(before: Snapshot, after: Snapshot): string[] {
  return Object.keys(after).flatMap((kind) => {
    const was = new Set(before[kind]);
    const is = new Set(after[kind]);
    return [
      ...[...is].filter((item) => !was.has(item)).map((item) => `+ ${kind} ${item}`),
      ...[...was].filter((item) => !is.has(item)).map((item) => `- ${kind} ${item}`),
    ].filter((line) => !isEndOfAProcess(line));
  });
}

/** That something else on the host has ended is nothing left behind. */
function isEndOfAProcess(line: string): boolean {
  return line.startsWith("- process ");
}

/** All but this one and those it descends from: npm and the shells around it are no part of what is compared. */
function otherProcesses() {
  const all = new Map(processes().map((process) => [process.pid, process]));
  for (let pid = process.pid; all.has(pid);) {
    const parent = all.get(pid)?.parent ?? 0;
    all.delete(pid);
    pid = parent;
  }
  return [...all.values()];
}

/** Listening unix sockets, those without a file (abstract ones) with a leading @. */
function unixSockets(): string[] {
  const ACCEPTS = "00010000";
  return lines("/proc/net/unix")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === ACCEPTS && fields[7] !== undefined)
    .map((fields) => `unix ${fields[7]}`);
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

async function main([verb, file, ...apart]: string[]): Promise<number> {
  if (file === undefined || (verb !== "save" && verb !== "compare")) {
    console.error("usage: node scripts/leftovers.ts save|compare FILE [APART…]");
    return 2;
  }
  if (verb === "save") {
    writeFileSync(file, JSON.stringify(snapshot([file, ...apart])));
    return 0;
  }
  const before = JSON.parse(readFileSync(file, "utf8")) as Snapshot;
  const found = await leftSince(before, [file, ...apart]);
  console.log(found.length === 0 ? "Nothing was left behind." : found.join("\n"));
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await main(process.argv.slice(2)));
