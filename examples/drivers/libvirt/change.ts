import { DriverError } from "../../../src/relay/driver.ts";
import { pause } from "../../../src/relay/time/pause.ts";
import { saysChanged } from "./failures.ts";
import { type Machine, type Sight, STATE } from "./look.ts";
import type { Virsh } from "./virsh.ts";

/**
 * Changes of a machine that others may be changing too, among them what a killed call has left running in libvirt. Each
 * looks, does what is next, and looks again, until it is as it should be.
 */
export type Place = { virsh: Virsh; pool: string; see: (signal: AbortSignal) => Promise<Sight> };

const TRIES = 60;
const AGAIN_MS = 500;

export function startMachine({ virsh, see }: Place, name: string, signal: AbortSignal): Promise<void> {
  return settle(see, name, signal, async (machine) => {
    if (machine === null || machine.domain === null) {
      throw new DriverError("failed", `There is no whole machine ${name} to start`);
    }
    const { state } = machine.domain;
    if (state === STATE.running || state === STATE.blocked) return true;
    await virsh([state === STATE.paused ? "resume" : "start", name], { signal });
    return true;
  });
}

export function stopMachine({ virsh, see }: Place, name: string, signal: AbortSignal): Promise<void> {
  return settle(see, name, signal, async (machine) => {
    if (machine === null || machine.domain === null || machine.domain.state === STATE.off) return true;
    await virsh(["destroy", name], { signal });
    return true;
  });
}

/** Ends it, and removes the domain and then its volumes: what is left at any moment still carries the mark. */
export function removeMachine({ virsh, pool, see }: Place, name: string, signal: AbortSignal): Promise<void> {
  return settle(see, name, signal, async (machine) => {
    if (machine === null) return true;
    const { domain, volumes } = machine;
    if (domain !== null) {
      if (domain.state !== STATE.off) await virsh(["destroy", name], { signal });
      await virsh(["undefine", name, "--managed-save", "--snapshots-metadata", "--nvram"], { signal });
    }
    for (const volume of volumes)
      await virsh(["vol-delete", "--pool", pool, "--vol", volume.name], { signal });
    return false;
  });
}

/** @param step returns whether that was all; false asks for another look */
async function settle(
  see: Place["see"],
  name: string,
  signal: AbortSignal,
  step: (machine: Machine | null) => Promise<boolean>,
): Promise<void> {
  let last: unknown;
  for (let tries = 0; tries < TRIES; tries++) {
    const machine = (await see(signal)).machines.get(name) ?? null;
    try {
      if (await step(machine)) return;
    } catch (error) {
      if (!saysChanged(error)) throw error;
      last = error;
      await pause(AGAIN_MS, signal);
    }
  }
  throw new DriverError("retry", `${name} did not become what it should be in ${TRIES} looks`, {
    cause: last,
  });
}
