import { type CreateRequest, DriverError, type DriverMachine } from "../../../src/relay/driver.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { Refusal } from "../http.ts";
import { assertFits, readCapacity } from "./capacity.ts";
import { type Place, removeMachine } from "./change.ts";
import { deploymentOf } from "./deployment.ts";
import { giveHostKey } from "./hostKey.ts";
import { describe, type Sight } from "./look.ts";
import { isOwn, type Marked, type Owner } from "./mark.ts";
import type { Settings } from "./settings.ts";

/** What zos says if there is no room, of disks and of memory. */
const NO_ROOM = /not enough (free )?space|cannot fulfil required/i;

/**
 * Makes a machine under a new contract, whose mark is on the chain before anything of the machine exists, and returns
 * when it presents the host key that Warmpool has pinned. That it answers there at all shows that the route to it works.
 */
export async function createMachine(
  place: Place,
  settings: Settings,
  owner: Owner,
  see: (signal: AbortSignal) => Promise<Sight>,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<DriverMachine> {
  const { grid, find } = place;
  const { name } = request;
  const sight = await see(signal);
  assertFree(sight, owner, name);
  assertFits(request, settings, await readCapacity(grid, owner, settings, sight, signal));
  const marked: Marked = {
    ...owner,
    name,
    machine: request.mark?.machine ?? name,
    port: settings.sshPort ?? request.port,
  };
  const oneTime = makeKeyPair("warmpool-one-time");
  const keys = [...request.authorizedKeys, oneTime.publicKey];
  try {
    await grid.deploy(deploymentOf(request, marked, keys, settings), signal);
  } catch (error) {
    if (!(error instanceof Refusal) || !NO_ROOM.test(error.message)) throw error;
    await removeMachine(place, name, signal);
    throw new DriverError("no_capacity", error.message, { cause: error });
  }
  const machine = await find(name, signal);
  const made = machine === null ? null : describe(machine);
  if (machine === null || made === null || made.ssh.port === 0)
    throw new DriverError("failed", `${name} was deployed, and the node shows no address of it`);
  await giveHostKey(made.ssh, oneTime.privateKey, request, signal);
  return made;
}

/** Names of others count too: two machines of one name could not be distinguished in the grid's own tools. */
function assertFree({ machines }: Sight, owner: Owner, name: string): void {
  for (const machine of machines.filter((one) => one.name === name)) {
    if (machine.parts.some(({ marked }) => isOwn(owner, marked)))
      throw new DriverError("exists", `There is a machine ${name} already`);
    throw new DriverError("failed", `There is a machine ${name} already that is not this node's`);
  }
}
