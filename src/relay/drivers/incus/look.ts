import * as z from "zod";
import { instance, instanceState, listedInstance, volume } from "./answers.ts";
import type { Instance, Volume } from "./answers.ts";
import type { Incus } from "./client.ts";
import { saysAbsent } from "./failures.ts";
import { pause } from "../../time/pause.ts";
import { isMarked } from "./mark.ts";
import type { Owner } from "./mark.ts";
import type { Place } from "./place.ts";
import { underWay } from "./underWay.ts";

/**
 * What stands in the project now. Incus answers a listing of a project that is not there with an empty list and
 * success, and an instance of it with the same 404 as one that is not there. So absence is only ever concluded together
 * with the storage pool's volumes in that project, which Incus does refuse to list.
 */
export type Sight = { instances: Instance[]; disks: Volume[] };

const INSTANCE_VOLUMES = new Set(["container", "virtual-machine"]);
const LOOK_AGAIN_MS = 50;

/** The instance of that name, whoever's it is; null where Incus says there is none, which alone proves nothing. */
export async function findInstance(
  incus: Incus,
  name: string,
  signal: AbortSignal,
): Promise<Instance | null> {
  let found = await readInstance(incus, name, signal);
  while (found === null) {
    const isComing = (await underWay(incus, signal)).has(name);
    found = await readInstance(incus, name, signal);
    if (!isComing) return found;
    if (found === null) await pause(LOOK_AGAIN_MS, signal);
  }
  return found;
}

/** Without its state, which Incus cannot always give: that of a container that is just ending is an error. */
async function readInstance(incus: Incus, name: string, signal: AbortSignal): Promise<Instance | null> {
  try {
    const found = await incus.read(pathOf(name), instance, signal);
    if (found.type === "container" || found.status !== "Running") return found;
    return { ...found, state: await incus.read(`${pathOf(name)}/state`, instanceState, signal) };
  } catch (error) {
    if (saysAbsent(error)) return null;
    throw error;
  }
}

/** The owner's disks, by the names of their machines. @throws where the project or its storage pool is not there */
export async function ownDisks(
  incus: Incus,
  place: Place,
  owner: Owner,
  signal: AbortSignal,
): Promise<Volume[]> {
  const path = `/1.0/storage-pools/${encodeURIComponent(place.storagePool)}/volumes`;
  const volumes = await incus.read(path, z.array(volume), signal, { query: { recursion: "1" } });
  // A name with a slash is a snapshot's, which goes with its disk.
  return volumes.filter(
    ({ name, type, config }) =>
      INSTANCE_VOLUMES.has(type) && !name.includes("/") && isMarked({ config }, owner),
  );
}

/** All of the owner: its instances, and its disks that no instance has. */
export async function lookAround(
  incus: Incus,
  place: Place,
  owner: Owner,
  signal: AbortSignal,
): Promise<Sight> {
  for (;;) {
    const coming = await underWay(incus, signal);
    // Disks next: Incus makes the instance before its disk, so one that is made meanwhile is no disk alone.
    const disks = await ownDisks(incus, place, owner, signal);
    const everyone = await readAll(incus, signal);
    const named = new Set(everyone.map(({ name }) => name));
    if ([...coming].every((name) => named.has(name))) {
      const instances = everyone.filter((one) => isMarked(one, owner));
      const alone = disks.filter(({ name }) => !named.has(name));
      return { instances, disks: await stillThere(alone, () => ownDisks(incus, place, owner, signal)) };
    }
    await pause(LOOK_AGAIN_MS, signal);
  }
}

/** Without those that went with their instance since the first look. */
async function stillThere(disks: Volume[], look: () => Promise<Volume[]>): Promise<Volume[]> {
  if (disks.length === 0) return [];
  const left = new Set((await look()).map(({ name }) => name));
  return disks.filter(({ name }) => left.has(name));
}

async function readAll(incus: Incus, signal: AbortSignal): Promise<Instance[]> {
  const query = { recursion: "2" };
  const listed = await incus.read("/1.0/instances", z.array(listedInstance), signal, { query });
  const whole = await Promise.all(
    listed.map(async (one) => ("status" in one ? one : readInstance(incus, one.name, signal))),
  );
  return whole.filter((one) => one !== null);
}

export function pathOf(name: string): string {
  return `/1.0/instances/${encodeURIComponent(name)}`;
}
