import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the kernel says runs and listens here (Linux, /proc). What ends while it is being read is left out. */
export type Process = { pid: number; parent: number; isZombie: boolean; startTime: number; command: string };
export type Listener = { protocol: string; address: string; port: number; inode: string };

const KERNEL_THREADS = 2;
const TCP_LISTEN = "0A";
const UDP_UNCONNECTED = "07";

/** Every process of user space that has not ended: a zombie only waits to be forgotten. */
export function processes(): Process[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readProcess(Number(entry)))
    .filter((found) => found !== null)
    .filter(({ pid, parent, isZombie }) => pid !== KERNEL_THREADS && parent !== KERNEL_THREADS && !isZombie);
}

/** TCP and UDP sockets that wait for somebody, of both families. */
export function listeners(): Listener[] {
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) => {
    const waiting = protocol.startsWith("tcp") ? TCP_LISTEN : UDP_UNCONNECTED;
    const table = readOrNull(`/proc/net/${protocol}`) ?? "";
    return table
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === waiting)
      .map((fields) => {
        const [address = "", port = "0"] = (fields[1] ?? "").split(":");
        return { protocol, address, port: Number.parseInt(port, 16), inode: fields[9] ?? "" };
      });
  });
}

/** Processes that hold that socket open; those of other users only where root asks. */
export function holdersOf(inode: string): number[] {
  return processes()
    .map(({ pid }) => pid)
    .filter((pid) => openFiles(pid).includes(`socket:[${inode}]`));
}

/** A process is what it was started with as much as what it is called: its environment, or "" where it is not shown. */
export function environmentOf(pid: number): string {
  return readOrNull(`/proc/${pid}/environ`) ?? "";
}

function readProcess(pid: number): Process | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name stands in brackets and may itself hold brackets and spaces: fields count from the last one.
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  const line = (readOrNull(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
  return {
    pid,
    parent: Number(fields[1]),
    // One whose last thread has not ended yet still holds what it had.
    isZombie: fields[0] === "Z" && Number(fields[17]) <= 1,
    startTime: Number(fields[19]),
    command: line === "" ? stat.slice(stat.indexOf("("), nameEnd + 1) : line,
  };
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((entry) => linkOrEmpty(`${folder}/${entry}`));
  } catch {
    return [];
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
