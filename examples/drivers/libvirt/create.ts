import { dirname, join } from "node:path";
import { type CreateRequest, DriverError } from "../../../src/relay/driver.ts";
import { assertFits, readCapacity } from "./capacity.ts";
import { domainXml } from "./domain.ts";
import { saysTaken } from "./failures.ts";
import { look, type Sight } from "./look.ts";
import { type Owner, volumeName } from "./mark.ts";
import { SCRATCH, withScratch } from "./scratch.ts";
import { SEED_BYTES, withSeed } from "./seed.ts";
import type { Settings } from "./settings.ts";
import type { Virsh } from "./virsh.ts";

/**
 * Makes a machine and starts it: the domain first, which takes the name and carries the mark, then its volumes. What a
 * call that ends in between has made is therefore known as ours from the first moment.
 */
export async function createMachine(
  virsh: Virsh,
  { pool, network }: Settings,
  owner: Owner,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<void> {
  const { name, shape } = request;
  const sight = await look(virsh, pool, owner, signal);
  assertFree(sight, name);
  const image = imageOf(sight, request, pool);
  assertFits(request, await readCapacity(virsh, pool, signal), sight.domains);
  const consoleVolume = volumeName(owner, name, "console");
  const plan = { owner, request, pool, network, boot: image.boot };
  const xml = domainXml({
    ...plan,
    type: await accelerator(virsh, signal),
    console: join(dirname(image.path), consoleVolume),
  });
  await withScratch(async (file) => {
    await file.writeFile(xml);
    await virsh(["define", SCRATCH], { signal, file: file.fd });
  }).catch((error: unknown) => {
    throw saysTaken(error) ? taken(name) : error;
  });
  const make = (volume: string, size: string, format: string, ...more: string[]) =>
    virsh(["vol-create-as", pool, volume, size, "--format", format, ...more], { signal });
  await make(consoleVolume, "0", "raw");
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

/** Perhaps by another call of ours at this moment; "exists" would have the relay give up somebody else's machine. */
function taken(name: string): DriverError {
  return new DriverError("failed", `There is a domain ${name} already that is not known as this node's`);
}

/** The volumes that an image is made of: IMAGE.qcow2, and IMAGE.vmlinuz and IMAGE.initrd for one without a boot loader. */
function imageOf(
  { volumes }: Sight,
  { image }: CreateRequest,
  pool: string,
): { volume: string; path: string; boot: { kernel: string; initrd: string } | null } {
  const pathOf = (name: string) => volumes.find((volume) => volume.name === name)?.path;
  const volume = `${image}.qcow2`;
  const [path, kernel, initrd] = [pathOf(volume), pathOf(`${image}.vmlinuz`), pathOf(`${image}.initrd`)];
  if (path === undefined) {
    const advice = `Put it there, or build one with scripts/build-vm-image.sh, then \`virsh pool-refresh ${pool}\``;
    throw new DriverError("failed", `The storage pool ${pool} has no volume ${volume}. ${advice}`);
  }
  const boot = kernel === undefined || initrd === undefined ? null : { kernel, initrd };
  return { volume, path, boot };
}

/** libvirt has tried it: /dev/kvm may be there and be of no use. */
async function accelerator(virsh: Virsh, signal: AbortSignal): Promise<string> {
  const capabilities = await virsh(["domcapabilities"], { signal });
  return /<domain>(\w+)<\/domain>/.exec(capabilities)?.[1] ?? "qemu";
}
