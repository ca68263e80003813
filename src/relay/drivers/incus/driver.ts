import { randomUUID } from "node:crypto";
import { CLOUD_INIT_DONE } from "../../cloudInit.ts";
import { CALL_SECONDS, DriverError } from "../../driver.ts";
import type { CreateRequest, Driver, DriverListing, DriverMachine } from "../../driver.ts";
import { pause } from "../../time/pause.ts";
import { server } from "./answers.ts";
import type { Instance, Volume } from "./answers.ts";
import { bring } from "./changes.ts";
import { incusClient } from "./client.ts";
import { gatherEvidence } from "./evidence.ts";
import { asDriverError, saysForbiddenId, saysTaken } from "./failures.ts";
import { markInstance, unmarkInstance } from "./import.ts";
import { readInventory } from "./inventory.ts";
import { findInstance, lookAround, ownDisks } from "./look.ts";
import { addressOf, describe, describeDisk } from "./machine.ts";
import { isMarked } from "./mark.ts";
import type { Owner } from "./mark.ts";
import { ended } from "./operation.ts";
import { instanceRequest } from "./request.ts";
import type { Place } from "./place.ts";

/**
 * Machines in Incus: system containers, and virtual machines where the node can run them. The driver remembers
 * nothing: what exists is what Incus answers at every call. It asks within its own project only, and changes only what
 * carries its owner's mark (mark.ts).
 */
export type IncusOptions = Place &
  Owner & {
    /** Path of Incus's unix socket. */
    socket: string;
  };

/** Seconds; a container on a plain folder with others made beside it took 10, a virtual machine's disk is larger. */
const CREATE_SECONDS = 300;
const VERSION_SECONDS = 10;
/** Given to the undoing of what an aborted call began. */
const UNDO_SECONDS = 60;
const ADDRESS_MS = 500;

/** Makes the driver without asking Incus anything: what is missing shows in the error of the first call. */
export function incusDriver(options: IncusOptions): Driver {
  const incus = incusClient(options);
  const owner: Owner = { installation: options.installation, node: options.node };
  const isOurs = (instance: Instance) => isMarked(instance, owner);

  /** Runs a call with its errors as the relay knows them. */
  async function call<T>(doing: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      throw asDriverError(error, doing);
    }
  }

  async function ownDisk(name: string, signal: AbortSignal): Promise<Volume | undefined> {
    return (await ownDisks(incus, options, owner, signal)).find((disk) => disk.name === name);
  }

  async function assertRuns({ instanceType }: CreateRequest, signal: AbortSignal): Promise<void> {
    if (instanceType === "container") return;
    const { environment } = await incus.read("/1.0", server, signal);
    if (environment.driver.includes("qemu")) return;
    throw new DriverError(
      "failed",
      `This node cannot run virtual machines (Incus only has ${environment.driver}): set the pool's instanceType to ` +
        "container, or use a node whose processor and kernel support them.",
    );
  }

  /**
   * A restricted project forbids to choose an instance's id. Its machines go by the name in their mark alone, which
   * tells every copy from its original but one that was given the original's name.
   */
  async function ask(request: CreateRequest): Promise<string | null> {
    const post = (uuid: string | null) =>
      incus.change("POST", "/1.0/instances", instanceRequest(request, options, owner, uuid));
    try {
      return await post(randomUUID());
    } catch (error) {
      if (!saysForbiddenId(error)) throw error;
      return post(null);
    }
  }

  async function make(request: CreateRequest, signal: AbortSignal): Promise<void> {
    try {
      await ended(incus, await ask(request), CREATE_SECONDS, signal);
    } catch (error) {
      if (!saysTaken(error)) throw error;
      const holder = await findInstance(incus, request.name, signal);
      if (holder === null || isOurs(holder)) {
        throw new DriverError("exists", `A machine ${request.name} already exists in Incus`, {
          cause: error,
        });
      }
      throw new DriverError(
        "failed",
        `The name ${request.name} is taken by an instance in project ${options.project} that does not belong to this node`,
        { cause: error },
      );
    }
  }

  async function boot({ name }: CreateRequest, signal: AbortSignal): Promise<Instance> {
    try {
      return await reachable(await startOurs(name, signal), signal);
    } catch (error) {
      // An aborted create has ended when it returns: nothing of it comes up later.
      if (signal.aborted)
        await bring(incus, name, "stopped", isOurs, AbortSignal.timeout(UNDO_SECONDS * 1000));
      throw error;
    }
  }

  async function startOurs(name: string, signal: AbortSignal): Promise<Instance> {
    const found = await bring(incus, name, "running", isOurs, signal);
    if (found !== null) return found;
    throw new DriverError("failed", `Cannot start ${name}: there is no such machine in Incus`);
  }

  /** A virtual machine has no address until its network is up. */
  async function reachable(found: Instance, signal: AbortSignal): Promise<Instance> {
    let now: Instance | null = found;
    while (now?.type === "virtual-machine" && addressOf(now) === null) {
      await pause(ADDRESS_MS, signal);
      now = await findInstance(incus, found.name, signal);
    }
    if (now === null) throw new DriverError("failed", `${found.name} disappeared while it was starting`);
    return now;
  }

  return {
    name: "incus",
    callSeconds: CALL_SECONDS,
    bootedCommand: CLOUD_INIT_DONE,

    async version() {
      const signal = AbortSignal.timeout(VERSION_SECONDS * 1000);
      return call("Reading the version of Incus", signal, async () => {
        const { environment } = await incus.read("/1.0", server, signal);
        const { server_version, driver, driver_version } = environment;
        return `incus ${server_version} (${driver} ${driver_version})`;
      });
    },

    create: (request, signal): Promise<DriverMachine> =>
      call(`Creating ${request.name}`, signal, async () => {
        assertName(request.name);
        await assertRuns(request, signal);
        await make(request, signal);
        return describe(await boot(request, signal), options.project);
      }),

    get: (name, signal): Promise<DriverMachine | null> =>
      call(`Looking for ${name}`, signal, async () => {
        assertName(name);
        const found = await findInstance(incus, name, signal);
        if (found !== null) return isOurs(found) ? describe(found, options.project) : null;
        const disk = await ownDisk(name, signal);
        return disk === undefined ? null : describeDisk(disk, options.project);
      }),

    list: (signal): Promise<DriverListing> =>
      call("Listing the machines", signal, async () => {
        const { instances, disks } = await lookAround(incus, options, owner, signal);
        const machines = [
          ...instances.map((instance) => describe(instance, options.project)),
          ...disks.map((disk) => describeDisk(disk, options.project)),
        ];
        // Incus answers with all or with an error; what it cannot see of the project makes the look throw.
        return { complete: true, machines, storageProof: "volumes" };
      }),

    start: (name, signal): Promise<void> =>
      call(`Starting ${name}`, signal, async () => {
        assertName(name);
        await startOurs(name, signal);
      }),

    stop: (name, signal): Promise<void> =>
      call(`Stopping ${name}`, signal, async () => {
        assertName(name);
        await bring(incus, name, "stopped", isOurs, signal);
      }),

    delete: (name, signal): Promise<void> =>
      call(`Deleting ${name}`, signal, async () => {
        assertName(name);
        await bring(incus, name, "gone", isOurs, signal);
        if ((await ownDisk(name, signal)) === undefined) return;
        throw new DriverError(
          "failed",
          `A disk of ${name} is left in the storage pool ${options.storagePool} without an instance, and Incus deletes ` +
            'such a disk only with one. docs/incus.md, "A disk without an instance", says how it goes.',
        );
      }),

    mark: (request, signal): Promise<DriverMachine> =>
      call(`Marking ${request.name}`, signal, () =>
        markInstance(incus, options.project, owner, request, signal),
      ),

    unmark: (name, signal): Promise<void> =>
      call(`Taking the mark off ${name}`, signal, () => unmarkInstance(incus, owner, name, signal)),

    capacity: (signal) =>
      call("Reading the capacity", signal, () => readInventory(incus, options, owner, signal)),

    evidence: (name, signal): Promise<Record<string, string>> =>
      call(`Reading the evidence of ${name}`, signal, async () => {
        assertName(name);
        const found = await findInstance(incus, name, signal);
        if (found === null || !isOurs(found)) return { instance: `there is none named ${name}` };
        return gatherEvidence(incus, found, signal);
      }),
  };
}

/** What Incus takes as a name; part of paths here. */
function assertName(name: string): void {
  if (/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return;
  throw new DriverError(
    "failed",
    `${JSON.stringify(name)} is not a valid machine name in Incus: a lower-case letter, then letters, digits and -, at most 63 characters`,
  );
}
