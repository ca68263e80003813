import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../harness/program.ts";
import { environmentOf, processes } from "../../../scripts/proc.ts";
import type { Ground } from "./ground.ts";

/** Machines of the driver `local`: a folder each, and processes that carry its name in their environment. */
export function localGround(installation: string, roots: readonly string[]): Ground {
  const marked = () =>
    processes().flatMap(({ pid }) => {
      const environment = environmentOf(pid).split("\0");
      if (!environment.includes(`WARMPOOL_INSTALLATION=${installation}`)) return [];
      const name = environment.find((line) => line.startsWith("WARMPOOL_MACHINE="))?.slice(17);
      return name === undefined ? [] : [{ pid, name }];
    });

  /** Everything that runs in the machine: where it has a PID namespace of its own, all that is in there. */
  const insideOf = (name: string): number[] => {
    const own = marked().filter((process) => process.name === name);
    const spaces = new Set(own.map(({ pid }) => pidSpaceOf(pid)));
    spaces.delete(pidSpaceOf(process.pid));
    const others = processes().filter(({ pid }) => spaces.has(pidSpaceOf(pid)));
    return [...new Set([...own, ...others].map(({ pid }) => pid))];
  };

  const signal = (name: string, what: NodeJS.Signals): number => {
    const pids = insideOf(name);
    for (const pid of pids) signalIfThere(pid, what);
    return pids.length;
  };

  const hit = async (name: string, what: NodeJS.Signals): Promise<void> => {
    if (signal(name, what) === 0) throw new Error(`nothing of ${name} runs`);
  };

  const folderOf = (name: string): string => {
    const found = roots.map((root) => join(root, name)).find((folder) => existsSync(folder));
    if (found === undefined) throw new Error(`${name} has no folder`);
    return found;
  };

  return {
    standing: async () => [
      ...new Set([
        ...roots.flatMap((root) => foldersIn(root, installation)),
        ...marked().map(({ name }) => name),
      ]),
    ],
    kill: (name) => hit(name, "SIGKILL"),
    freeze: (name) => hit(name, "SIGSTOP"),
    thaw: async (name) => void signal(name, "SIGCONT"),
    vanish: async (name) => {
      await hit(name, "SIGKILL");
      const folders = roots.map((root) => join(root, name));
      await act("rm", "-rf", "--one-file-system", "--", ...folders);
    },
    inside: async (name, script) => {
      const pid = marked().find((process) => process.name === name);
      if (pid === undefined) throw new Error(`nothing of ${name} runs`);
      if (readlinkSync(`/proc/${pid.pid}/ns/mnt`) === readlinkSync("/proc/self/ns/mnt"))
        throw new Error(`${name} has no file system of its own`);
      await act("nsenter", `--target=${pid.pid}`, "--mount", "--", "/bin/sh", "-c", script);
    },
    copy: async (name, as) => {
      const folder = folderOf(name);
      // Under a hidden name until it is whole: anything else there is a machine, and a half one would be nobody's.
      const part = join(folder, "..", `.${as}.part`);
      await act("cp", "-a", "--", folder, part);
      await rename(part, join(folder, "..", as));
    },
    rename: async (name, as) => {
      const folder = folderOf(name);
      await hit(name, "SIGKILL");
      await rename(folder, join(folder, "..", as));
    },
    isThere: async (name) => roots.some((root) => existsSync(join(root, name, "machine.json"))),
    remove: (name) => act("rm", "-rf", "--one-file-system", "--", folderOf(name)),
  };
}

async function act(command: string, ...args: string[]): Promise<void> {
  const ran = await run(command, args);
  if (ran.code !== 0) throw new Error(`${command} ended with ${ran.code}: ${ran.stderr.trim()}`);
}

/** Whole machines stand in the root; half-made and half-deleted ones below a hidden folder, as `name~something`. */
function foldersIn(root: string, installation: string): string[] {
  const entries = namesIn(root);
  const hidden = entries.filter((entry) => entry.startsWith(".limbo-")).map((entry) => join(root, entry));
  const halves = hidden.flatMap((folder) => namesIn(folder).map((entry) => join(folder, entry)));
  const wholes = entries.filter((entry) => !entry.startsWith(".")).map((entry) => join(root, entry));
  return [...wholes, ...halves]
    .filter((folder) => recordIn(folder).includes(installation))
    .map((folder) => (folder.split("/").at(-1) ?? "").split("~")[0] ?? "");
}

/** Empty where it is no machine's folder, or goes at this moment. */
function recordIn(folder: string): string {
  try {
    return readFileSync(join(folder, "machine.json"), "utf8");
  } catch {
    return "";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function pidSpaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return readlinkSync("/proc/self/ns/pid");
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself, or with another one's death.
  }
}
