import { mkdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { CALL_SECONDS, DriverError } from "../../driver.ts";
import type { CreateRequest, Driver, DriverListing, DriverMachine } from "../../driver.ts";
import { boot, readConsole } from "./boot.ts";
import type { Isolation } from "./boot.ts";
import { listFolders, makeFolder, readFolder, removeFolder } from "./folder.ts";
import type { MachineFolder, Place } from "./folder.ts";
import { readInventory } from "./inventory.ts";
import { assertPortFree } from "./ports.ts";
import { endProcesses, findProcesses } from "./processes.ts";
import type { MachineProcess } from "./processes.ts";
import { prepareProgram } from "./program.ts";

/**
 * Machines on this host itself, for development. What exists is read from disk and /proc at every call; the driver
 * remembers nothing, so that a relay which starts again sees exactly what is there.
 */
export type LocalDriver = Driver & {
  /** Whether each machine is a small system of its own (root), or a folder of the user who runs the relay. */
  readonly privileged: boolean;
  /** What the person who starts a relay with this driver has to know. */
  readonly banner: string;
};

export type LocalOptions = {
  /** Folder of the machines; made where it is not there. */
  root: string;
  installation: string;
  /** The node's name: part of the ownership mark. */
  node: string;
  /** Folders of the host that look empty inside a machine, such as the one with the relay's key. */
  hide: string[];
};

const BANNERS = {
  system:
    "Local driver, for development only: each machine has its own files, accounts and processes, but root inside a " +
    "machine is root on this host, and its network is the host's.",
  folder:
    "Local driver WITHOUT ROOT, for development only: a machine is a folder, and every account on it is the user who " +
    "runs the relay. Machines and testers are not isolated from each other or from this host, and set-up steps " +
    "that need root fail. Run the relay as root to get machines that are separate small systems.",
};

/** @throws where the root folder cannot be made or read */
export function localDriver(options: LocalOptions): LocalDriver {
  mkdirSync(options.root, { recursive: true, mode: 0o700 });
  const root = realpathSync(options.root);
  const place: Place = { root, owner: { installation: options.installation, node: options.node } };
  const privileged = process.geteuid?.() === 0;
  // The machines' own folder is hidden always: it holds the host keys of all of them.
  const isolation: Isolation = privileged
    ? { kind: "system", hide: outermost([root, ...options.hide.map(realOrAbsolute)]) }
    : { kind: "folder" };

  async function bootFolder(folder: MachineFolder, signal: AbortSignal): Promise<void> {
    const { name } = folder;
    const { sshPort, httpPort } = folder.record;
    await assertPortFree(sshPort, "SSH");
    await assertPortFree(httpPort, "what its tester opens");
    const program = await prepareProgram(root);
    try {
      await boot(folder, program, isolation, signal);
    } catch (error) {
      // Also where the signal is aborted: this call's effects must have ended when it returns.
      await endProcesses(place.owner, name, AbortSignal.timeout(20_000));
      throw error;
    }
  }

  async function list(signal: AbortSignal): Promise<DriverMachine[]> {
    signal.throwIfAborted();
    // Folders first: a machine made between the two looks is then seen by its processes.
    const folders = new Map((await listFolders(place)).map((folder) => [folder.name, folder]));
    const processes = findProcesses(place.owner);
    const names = new Set([...folders.keys(), ...processes.map((process) => process.mark.machine)]);
    return [...names].map((name) => {
      const own = processes.filter((process) => process.mark.machine === name);
      return describe(place, name, folders.get(name) ?? null, own);
    });
  }

  return {
    name: "local",
    callSeconds: CALL_SECONDS,
    privileged,
    banner: BANNERS[isolation.kind],
    version: async () =>
      `local 1 (${privileged ? "a system each: namespaces and overlay" : "a folder each, no root"})`,

    async create(request: CreateRequest, signal: AbortSignal): Promise<DriverMachine> {
      signal.throwIfAborted();
      assertName(request.name);
      const folder = await makeFolder(place, request);
      await bootFolder(folder, signal);
      return describe(place, request.name, folder, processesOf(place, request.name));
    },

    async get(name: string, signal: AbortSignal): Promise<DriverMachine | null> {
      signal.throwIfAborted();
      assertName(name);
      const folder = await readFolder(place, name);
      const processes = processesOf(place, name);
      if (folder === null && processes.length === 0) return null;
      return describe(place, name, folder, processes);
    },

    async list(signal: AbortSignal): Promise<DriverListing> {
      // What cannot be read throws in there, so a listing that comes back is whole.
      return { complete: true, machines: await list(signal), storageProof: "volumes" };
    },

    async start(name: string, signal: AbortSignal): Promise<void> {
      signal.throwIfAborted();
      assertName(name);
      const folder = await readFolder(place, name);
      if (folder === null || folder.where === "limbo") {
        throw new DriverError(
          "failed",
          `Cannot start ${name}: there is no complete machine of that name in ${root}`,
        );
      }
      if (describe(place, name, folder, processesOf(place, name)).state === "running") return;
      await endProcesses(place.owner, name, signal);
      await bootFolder(folder, signal);
    },

    async stop(name: string, signal: AbortSignal): Promise<void> {
      assertName(name);
      await endProcesses(place.owner, name, signal);
    },

    async delete(name: string, signal: AbortSignal): Promise<void> {
      assertName(name);
      await endProcesses(place.owner, name, signal);
      await removeFolder(place, name, signal);
    },

    async capacity(signal: AbortSignal) {
      const machines = await list(signal);
      return readInventory(
        root,
        machines.map(({ name, state }) => ({ name, running: state === "running" })),
      );
    },

    async evidence(name: string, signal: AbortSignal): Promise<Record<string, string>> {
      signal.throwIfAborted();
      assertName(name);
      const folder = await readFolder(place, name);
      const processes = processesOf(place, name).map(({ pid, part }) => `${pid} ${part}`);
      return {
        ...(folder === null ? {} : { console: await readConsole(folder) }),
        processes: processes.join("\n") || "none",
      };
    },
  };
}

function processesOf({ owner }: Place, name: string): MachineProcess[] {
  return findProcesses(owner).filter((process) => process.mark.machine === name);
}

/** A machine as the relay sees it: from its folder, its processes or both. */
function describe(
  { root, owner }: Place,
  name: string,
  folder: MachineFolder | null,
  processes: MachineProcess[],
): DriverMachine {
  const running = processes.some((process) => process.part === "system");
  const endpoint = { host: "127.0.0.1", port: folder?.record.sshPort ?? processes[0]?.mark.sshPort ?? 0 };
  return {
    name,
    ref: folder?.path ?? resolve(root, name),
    state: folder?.where === "placed" ? (running ? "running" : "stopped") : "unknown",
    // Processes alone carry the name that they were started under.
    mark: { ...owner, machine: folder?.record.name ?? name },
    ssh: endpoint,
    access: endpoint,
  };
}

/** A name becomes part of paths and of a host name. */
function assertName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return;
  throw new DriverError(
    "failed",
    `${JSON.stringify(name)} is not a valid name of a local machine: lower-case letters, digits and -, at most 63 characters`,
  );
}

/** What lies inside another hidden folder is hidden with it. */
function outermost(paths: string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}

/** A folder that is not there yet is hidden under the name it was given. */
function realOrAbsolute(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
