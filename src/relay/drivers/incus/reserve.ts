import { DriverError } from "../../driver.ts";
import { wordsOf } from "../../errors.ts";
import type { Instance } from "./answers.ts";
import type { Incus } from "./client.ts";
import { saysDiskFull } from "./failures.ts";
import { pathOf } from "./look.ts";
import { ended } from "./operation.ts";
import { bytes } from "./sizes.ts";

/**
 * Incus keeps files of its own on a machine's disk and writes there at every start and stop. A tester who has filled the
 * disk could so keep the machine from ever being started, stopped or deleted. It is made larger by a reserve then. It
 * keeps that: btrfs takes a limit below what is used, and after that neither lets Incus write nor the limit be raised.
 */

/** Incus's own files take some KiB; tries double it. */
const RESERVE_MIB = 16;
const MIB = 2 ** 20;
const CHANGE_SECONDS = 60;

/** The change that makes the disk larger; null where it has no size that could grow. Pure. */
export function grown({ devices }: Pick<Instance, "devices">, mib: number): object | null {
  const [name, root] =
    Object.entries(devices).find(([, one]) => one["type"] === "disk" && one["path"] === "/") ?? [];
  const size = bytes(root?.["size"], null);
  if (name === undefined || size === null) return null;
  return { devices: { [name]: { ...root, size: `${Math.ceil(size / MIB) + mib}MiB` } } };
}

/**
 * @param tries how often it was given some already for the same change
 * @returns whether it has it; not where the storage cannot even note that at the moment
 */
export async function giveReserve(
  incus: Incus,
  found: Instance,
  tries: number,
  signal: AbortSignal,
): Promise<boolean> {
  const change = grown(found, RESERVE_MIB * 2 ** tries);
  if (change === null)
    throw new DriverError("failed", `The disk of ${found.name} is full, and its size is unknown`);
  try {
    await ended(incus, await incus.change("PATCH", pathOf(found.name), change), CHANGE_SECONDS, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (saysDiskFull(error)) return false;
    const why = `The disk of ${found.name} is full, and it could not be enlarged: ${wordsOf(error)}`;
    throw new DriverError("failed", why, { cause: error });
  }
}
