import { DriverError } from "../../../src/relay/driver.ts";
import type { Volume } from "./look.ts";

/** What machines are made of. `boot` is null for an image that boots by itself. */
export type Image = {
  volume: string;
  path: string;
  boot: { kernel: string; initrd: string } | null;
};

/**
 * The image of that name in the storage pool: IMAGE.qcow2, with IMAGE.vmlinuz and IMAGE.initrd for one that has no boot
 * loader.
 * @throws DriverError where there is none
 */
export function imageOf(volumes: Volume[], image: string, pool: string): Image {
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
