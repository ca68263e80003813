import { DriverError } from "../../driver.ts";
import { pause, within } from "../../time/pause.ts";
import type { Instance } from "./answers.ts";
import type { Incus } from "./client.ts";
import { saysChanged, saysDiskFull } from "./failures.ts";
import { endLeftProxies } from "./leftProxies.ts";
import { findInstance, pathOf } from "./look.ts";
import { markedPorts } from "./mark.ts";
import { ended } from "./operation.ts";
import { giveReserve } from "./reserve.ts";

/**
 * Brings an instance to where it should be: looks, takes the one step that is missing, and looks again, until there is
 * none. So it does not matter what somebody else does to the instance meanwhile, or where an earlier call was cut off.
 */
export type Aim = "running" | "stopped" | "gone";
type Step = "start" | "unfreeze" | "stop" | "delete";

/** One step, in seconds; a plain folder as storage under load is the slowest. */
const STEP_SECONDS = 120;
const LOOK_AGAIN_MS = 200;
/** How long a change may be crossed by somebody else's, in seconds. */
const PATIENCE_SECONDS = 60;
/** A storage driver that has not written everything out yet may not even let a full disk grow. */
const RESERVE_AGAIN_MS = 1000;
/** How often a full disk is given more room for one change. */
const MOST_RESERVES = 3;
/** More steps than the longest way has (unfreeze, stop, delete), with room for somebody else's. */
const MOST_STEPS = 6;

/**
 * @param isOurs asked at every look: what is not ours counts as not there
 * @returns the instance as it then stands, null where it is not there
 */
export async function bring(
  incus: Incus,
  name: string,
  aim: Aim,
  isOurs: (instance: Instance) => boolean,
  signal: AbortSignal,
): Promise<Instance | null> {
  const patience = within(PATIENCE_SECONDS, signal);
  for (let steps = 0, reserves = 0; ;) {
    const found = await findInstance(incus, name, signal);
    if (found === null || !isOurs(found)) return null;
    const step = nextStep(found.status, aim);
    if (step === null) return found;
    if (steps === MOST_STEPS)
      throw new DriverError("failed", `${name} does not stay ${aim}: it is ${found.status}`);
    try {
      await take(incus, found, step, signal);
      steps += 1;
    } catch (error) {
      signal.throwIfAborted();
      if (saysDiskFull(error) && reserves < MOST_RESERVES) {
        if (await giveReserve(incus, found, reserves, signal)) reserves += 1;
        else if (patience.aborted) throw error;
        else await pause(RESERVE_AGAIN_MS, signal);
        continue;
      }
      if (!saysChanged(error)) throw error;
      if (patience.aborted) throw new DriverError("retry", `${name} stays busy`, { cause: error });
      await pause(LOOK_AGAIN_MS, signal);
    }
  }
}

/** A pure decision, by the status that Incus gives. */
export function nextStep(status: string, aim: Aim): Step | null {
  switch (aim) {
    case "running":
      if (status === "Running") return null;
      return status === "Frozen" ? "unfreeze" : "start";
    case "stopped":
      return status === "Stopped" ? null : "stop";
    case "gone":
      return status === "Stopped" ? "delete" : "stop";
  }
}

async function take(incus: Incus, found: Instance, step: Step, signal: AbortSignal): Promise<void> {
  const { name } = found;
  // Both steps are taken only where nothing of the instance runs.
  if (step === "start" || step === "delete") await endLeftProxies(markedPorts(found), signal);
  const id =
    step === "delete"
      ? await incus.change("DELETE", pathOf(name))
      : await incus.change("PUT", `${pathOf(name)}/state`, stateChange(step));
  await ended(incus, id, STEP_SECONDS, signal);
}

function stateChange(action: Exclude<Step, "delete">): object {
  // Without force a stop asks the machine, which may have nothing left that listens.
  return { action, force: action === "stop", timeout: STEP_SECONDS };
}
