import { connect } from "node:net";
import { DriverError } from "../../../src/relay/driver.ts";
import { pause } from "../../../src/relay/time/pause.ts";
import { Refusal } from "../http.ts";
import type { Grid } from "./grid.ts";
import { addressOf, type Machine, mainPart, stateOf } from "./look.ts";

/** Changes of a machine that others may be changing too. Each looks, does what is next, and looks again. */
export type Place = { grid: Grid; find: (name: string, signal: AbortSignal) => Promise<Machine | null> };

const AGAIN_MS = 200;
const ANSWER_MS = 2000;

/**
 * Cancels the contract, which is not the end of the machine: the node hears of it later, and has been seen to forget
 * it. So this returns when neither the chain nor the node shows anything of it, and nothing answers at its address.
 * @throws DriverError `retry` if that is not so before `signal` ends the call
 */
export async function removeMachine({ grid, find }: Place, name: string, signal: AbortSignal): Promise<void> {
  let where: { host: string; port: number } | null = null;
  const cancelled = new Set<number>();
  for (;;) {
    const machine = await find(name, signal);
    if (machine === null) break;
    const host = addressOf(mainPart(machine));
    if (host !== null) where = { host, port: mainPart(machine).marked.port };
    for (const { contract, isPaid } of machine.parts) {
      if (!isPaid || cancelled.has(contract)) continue;
      // Somebody else may be cancelling it: the next look decides.
      await grid.cancel(contract, signal).then(
        () => cancelled.add(contract),
        (error: unknown) => {
          if (!(error instanceof Refusal)) throw error;
        },
      );
    }
    const words = `The contract of ${name} is cancelled, and the node still shows the machine`;
    await pause(AGAIN_MS, signal).catch((cause: unknown) => {
      throw new DriverError("retry", words, { cause });
    });
  }
  while (where !== null && (await answers(where))) {
    const words = `The node no longer shows ${name}, and it still answers at ${where.host}: ask the farmer to restart the node`;
    await pause(AGAIN_MS, signal).catch((cause: unknown) => {
      throw new DriverError("retry", words, { cause });
    });
  }
}

/** Whether something listens there. On the overlay network, no answer proves nothing: only an answer counts. */
function answers(where: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...where, timeout: ANSWER_MS });
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("data", () => end(true));
    for (const event of ["timeout", "error", "close"] as const) socket.once(event, () => end(false));
  });
}

/** Stops or starts it, if the server can do that. */
export async function setPower(
  { grid, find }: Place,
  name: string,
  to: "start" | "stop",
  signal: AbortSignal,
): Promise<void> {
  const wanted = to === "start" ? "running" : "stopped";
  for (;;) {
    const machine = await find(name, signal);
    const part = machine === null ? null : mainPart(machine);
    if (to === "start" && (part === null || stateOf(part) === "unknown"))
      throw new DriverError("failed", `There is no whole machine ${name} to start`);
    // A half-created or half-deleted machine has nothing that could be stopped.
    if (part === null || stateOf(part) === "unknown" || stateOf(part) === wanted) return;
    await grid.power(part.contract, to, signal);
  }
}
