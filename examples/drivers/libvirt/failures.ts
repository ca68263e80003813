import { DriverError } from "../../../src/relay/driver.ts";
import { ToolError } from "./tool.ts";

/** What libvirt's refusals mean, read from the words of version 9.0: virsh ends with 1 for all of them. */

const NO_CAPACITY =
  /No space left on device|Disk quota exceeded|[Cc]annot (allocate|set up guest) memory|not enough space/;
const UNREACHABLE =
  /failed to connect to the hypervisor|Failed to connect socket|Disconnected from|end of file while reading|keepalive timeout/;
/** Somebody else is at the same machine: it is not any more what it was when it was looked at. */
const CHANGED =
  /failed to get (domain|vol)|Domain not found|Storage volume not found|is already active|is not running|cannot undefine transient|state change lock|still being allocated|is in use|No such file/;
const TAKEN = /already exists with uuid/;

export function saysChanged(error: unknown): boolean {
  return error instanceof ToolError && CHANGED.test(error.said);
}

export function saysTaken(error: unknown): boolean {
  return error instanceof ToolError && TAKEN.test(error.said);
}

/** The error as the relay knows errors. What is not a tool's stays as it is. */
export function asDriverError(error: unknown, doing: string): unknown {
  if (!(error instanceof ToolError)) return error;
  const { said } = error;
  const code = NO_CAPACITY.test(said)
    ? "no_capacity"
    : UNREACHABLE.test(said) || saysChanged(error) || /pool .* is not active/.test(said)
      ? "retry"
      : "failed";
  return new DriverError(code, `${doing}: ${error.message}${hint(said)}`, { cause: error });
}

function hint(said: string): string {
  if (UNREACHABLE.test(said)) return ". Does libvirtd run, and may this user open its socket?";
  if (/pool .* is not active/.test(said))
    return ". `virsh pool-start` starts it, `virsh pool-autostart` always";
  if (/Storage pool not found/.test(said)) return ". docs/drivers.md says how to make it";
  if (/Could not set up host forwarding/.test(said))
    return ". Another program on this node listens on a port that is assigned to this machine";
  return "";
}
