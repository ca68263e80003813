import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { type CreateRequest, DriverError } from "../../../src/relay/driver.ts";
import { acceleratorOf } from "./accelerator.ts";
import { assertFits, readCapacity } from "./capacity.ts";
import { type Place, removeMachine } from "./change.ts";
import { domainXml } from "./domain.ts";
import { asDriverError, saysTaken } from "./failures.ts";
import { type Image, imageOf } from "./image.ts";
import type { Sight } from "./look.ts";
import { type Owner, volumeName } from "./mark.ts";
import { SCRATCH, withScratch } from "./scratch.ts";
import { SEED_BYTES, withSeed } from "./seed.ts";
import type { Settings } from "./settings.ts";

/**
 * Makes a machine and starts it: the domain first, which takes the name and carries the mark, then its volumes. What a
 * call that ends in between has made is therefore known as ours from the first moment.
 */
export async function createMachine(
  place: Place,
  { network, type }: Settings,
  owner: Owner,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<void> {
  const { virsh, pool, see } = place;
  const { name } = request;
  const sight = await see(signal);
  assertFree(sight, name);
  const image = imageOf(sight.volumes, request.image, pool);
  assertFits(request, await readCapacity(virsh, pool, signal), sight.domains);
  const xml = domainXml({
    ...{ owner, request, uuid: randomUUID(), pool, network, boot: image.boot },
    type: type === "auto" ? await acceleratorOf(virsh, signal) : type,
    console: join(dirname(image.path), volumeName(owner, name, "console")),
  });
  await withScratch(async (file) => {
    await file.writeFile(xml);
    await virsh(["define", SCRATCH], { signal, file: file.fd });
  }).catch((error: unknown) => {
    throw saysTaken(error) ? taken(name) : error;
  });
  try {
    await furnish(place, owner, request, image, signal);
  } catch (cause) {
    const error = asDriverError(cause, `create of ${name}`);
    // What found no room leaves nothing; what failed otherwise is evidence, until the relay deletes it.
    if (error instanceof DriverError && error.code === "no_capacity")
      await removeMachine(place, name, signal);
    throw error;
  }
}

/** Gives a defined machine its volumes, and starts it. */
async function furnish(
  { virsh, pool }: Place,
  owner: Owner,
  request: CreateRequest,
  image: Image,
  signal: AbortSignal,
): Promise<void> {
  const { name, shape } = request;
  const make = (volume: string, size: string, format: string, ...more: string[]) =>
    virsh(["vol-create-as", pool, volume, size, "--format", format, ...more], { signal });
  await make(volumeName(owner, name, "console"), "0", "raw");
  const seed = volumeName(owner, name, "seed");
  await make(seed, `${SEED_BYTES}B`, "raw");
  await withSeed(request, signal, (file) =>
    virsh(["vol-upload", "--pool", pool, "--vol", seed, "--file", SCRATCH], { signal, file }),
  );
  const backing = ["--backing-vol", image.volume, "--backing-vol-format", "qcow2"];
  await make(volumeName(owner, name, "disk"), `${shape.diskGib}GiB`, "qcow2", ...backing);
  // It comes back with the host after a loss of power.
  await virsh(["autostart", name], { signal });
  await virsh(["start", name], { signal });
}

function assertFree({ machines, domains }: Sight, name: string): void {
  if (machines.has(name)) throw new DriverError("exists", `There is a machine ${name} already`);
  if (domains.some((domain) => domain.name === name)) throw taken(name);
}

/** Not "exists", which says that it is this node's own machine. */
function taken(name: string): DriverError {
  return new DriverError("failed", `There is a domain ${name} already that is not known as this node's`);
}
