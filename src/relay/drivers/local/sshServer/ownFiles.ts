import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/**
 * What a machine's own file system lacks when boot.sh has made its mounts: all that takes no program. It runs within
 * the machine, so paths mean the machine's own files.
 */
const LINKS = {
  "/dev/ptmx": "pts/ptmx",
  "/dev/fd": "/proc/self/fd",
  "/dev/stdin": "/proc/self/fd/0",
  "/dev/stdout": "/proc/self/fd/1",
  "/dev/stderr": "/proc/self/fd/2",
};

/** @param machine its name, which it can resolve afterwards */
export function makeOwnFiles(machine: string): void {
  // The host's files, which are out of sight since boot.sh let them go.
  rmdirSync("/run/warmpool/old");
  for (const [path, target] of Object.entries(LINKS)) symlinkSync(target, path);
  mkdirSync("/run/lock");
  // The umask takes nothing off.
  chmodSync("/run/lock", 0o1777);
  mkdirSync("/run/sshd");
  // A name of its own, which sudo wants to be able to resolve, and none of the host's keys.
  writeFileSync("/proc/sys/kernel/hostname", machine);
  const names = existsSync("/etc/hosts") ? readFileSync("/etc/hosts", "utf8").split("\n") : [];
  if (!names.some((line) => line.endsWith(` ${machine}`)))
    appendFileSync("/etc/hosts", `127.0.1.1 ${machine}\n`);
  const ssh = existsSync("/etc/ssh") ? readdirSync("/etc/ssh") : [];
  for (const file of ssh.filter((name) => name.startsWith("ssh_host_")))
    rmSync(join("/etc/ssh", file), { force: true });
}
