import { DriverError } from "../../driver.ts";
import { IncusError } from "./client.ts";
import { NoAnswer } from "./socket.ts";

/** What Incus's refusals mean. It has few error codes, so most of it is read from its words (of version 6.0). */

/** Limits of the project, and every storage driver's way of saying that it is full. */
const NO_CAPACITY =
  /Reached maximum|No space left on device|disk quota exceeded|out of space|insufficient free space|Cannot allocate memory/i;
/** What the project refuses by how it is set up, and would refuse again: its limits want to be said, its restrictions forbid. */
const FORBIDDEN =
  /Failed checking if instance creation allowed|(is|are) forbidden|(isn't|not) allowed in (this )?project|Only managed network devices are allowed/i;
const TAKEN = /already exists|UNIQUE constraint failed: instances/i;
/** Something else is being done to the instance; or it has changed since it was looked at. */
const BUSY =
  /is busy running|is already (running|stopped)|is running$|is not running|Instance not found|currently being|matching non-reusable operation/i;

export function saysTaken(error: unknown): boolean {
  return error instanceof IncusError && TAKEN.test(error.message);
}

/** Whether the project is restricted, and forbids to choose an instance's `volatile.uuid`. */
export function saysForbiddenId(error: unknown): boolean {
  return error instanceof IncusError && error.message.includes('Setting "volatile.uuid"');
}

/** Whether a new look at the instance may give another picture, and so another next step. */
export function saysChanged(error: unknown): boolean {
  return error instanceof IncusError && (error.status === 404 || BUSY.test(error.message));
}

/** Incus 6.0.4 says the last where liblxc may not change the owner of the container's folder, which takes room as well. */
const DISK_FULL = /disk quota exceeded|No space left on device|saving config file for the container failed/i;

/** Whether the disk of the instance itself has no room for what Incus wants to write on it. */
export function saysDiskFull(error: unknown): boolean {
  return error instanceof IncusError && DISK_FULL.test(error.message);
}

export function saysAbsent(error: unknown): boolean {
  return error instanceof IncusError && error.status === 404;
}

/** The error as the relay knows errors. What is neither Incus's nor the socket's stays as it is. */
export function asDriverError(error: unknown, doing: string): unknown {
  if (error instanceof NoAnswer) {
    const advice =
      "Check that the daemon runs and that this user may open its socket; scripts/install-incus.sh starts it";
    return new DriverError("retry", `${doing}: ${error.message}. ${advice}`, { cause: error });
  }
  if (!(error instanceof IncusError)) return error;
  const code = isRefusal(error.message) ? "no_capacity" : error.status === 503 ? "retry" : "failed";
  return new DriverError(code, `${doing}: ${error.message}${hint(error.message)}`, { cause: error });
}

/** Whether the same is refused as long as nothing changes on the node. */
function isRefusal(message: string): boolean {
  return NO_CAPACITY.test(message) || FORBIDDEN.test(message);
}

function hint(message: string): string {
  if (/Image not provided|Image.*not found/i.test(message))
    return ". The project has no image of that name: run scripts/build-image.sh, which builds warmpool-debian (or the name in WARMPOOL_IMAGE), and use that name in the pool";
  if (/address already in use/i.test(message))
    return ". Another program on this node listens on a port that is assigned to this machine";
  if (/starting proxy device/i.test(message))
    return ". The machine may have stopped right after its start: look at its console";
  if (/(Project|Storage pool) not found|profile .* doesn't exist/i.test(message))
    return ". Run scripts/install-incus.sh to create it";
  return "";
}
