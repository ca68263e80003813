import { DriverError, type DriverMachine, type MarkRequest } from "../../driver.ts";
import type { Instance } from "./answers.ts";
import { type Incus, IncusError } from "./client.ts";
import { findInstance, pathOf } from "./look.ts";
import { describe } from "./machine.ts";
import { carriesMark, importedPlace, importMark, isMarked, NO_IMPORT_MARK, type Owner } from "./mark.ts";

/** Instances that somebody else has made: how one of them becomes a machine of this node, and how that ends again. */

/** Where Debian, and most systems, have the key that sshd presents. */
const HOST_KEY_FILE = "/etc/ssh/ssh_host_ed25519_key.pub";

/** @throws DriverError where it is not there, does not run, carries a mark, or is not the one that answers */
export async function markInstance(
  incus: Incus,
  project: string,
  owner: Owner,
  { name, mark = { ...owner, machine: name }, plan, ...request }: MarkRequest,
  signal: AbortSignal,
): Promise<DriverMachine> {
  const found = await findInstance(incus, name, signal);
  if (found === null)
    throw new DriverError("failed", `There is no instance ${name} in the project ${project}`);
  if (carriesMark(found)) {
    throw new DriverError(
      "failed",
      `${name} carries a mark of Warmpool already, and it is not this machine's`,
    );
  }
  if (found.status !== "Running") throw new DriverError("failed", `${name} is ${found.status}`);
  await assertPresents(incus, found, request, signal);
  const config = importMark(found, mark, request);
  if (!plan) await incus.change("PATCH", pathOf(name), { config });
  return describe({ ...found, config: { ...found.config, ...config } }, project);
}

/** Takes off what an import has written, and leaves every other instance as it is. */
export async function unmarkInstance(
  incus: Incus,
  owner: Owner,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await findInstance(incus, name, signal);
  if (found === null || !isMarked(found, owner) || importedPlace(found) === null) return;
  await incus.change("PATCH", pathOf(name), { config: NO_IMPORT_MARK });
}

/**
 * That the address of the record leads to this instance and not to another: later it is this one that is deleted. A
 * virtual machine without Incus's agent, or a system with its keys elsewhere, does not show its key, and is believed.
 */
async function assertPresents(
  incus: Incus,
  { name }: Instance,
  { ssh, hostKey }: Pick<MarkRequest, "ssh" | "hostKey">,
  signal: AbortSignal,
): Promise<void> {
  let line: string;
  try {
    line = (await incus.readBytes(`${pathOf(name)}/files`, signal, { path: HOST_KEY_FILE })).toString("utf8");
  } catch (error) {
    if (error instanceof IncusError) return;
    throw error;
  }
  if (line.split(" ")[1] === hostKey.key) return;
  throw new DriverError(
    "failed",
    `What answers at ${ssh.host}:${ssh.port} is not ${name}, which has another host key`,
  );
}
