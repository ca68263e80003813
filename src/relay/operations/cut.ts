import type { CutOperation } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { wordsOf } from "../errors.ts";
import type { Lease } from "../session/lease.ts";
import { head } from "../text.ts";
import type { Tools } from "../tools.ts";

/** Stops the machine, and believes the driver only when it says so: whoever is on it may be root there. */
export async function cutOff(
  { machine: { id, name } }: CutOperation,
  lease: Lease,
  { driver, connections, clock }: Pick<Tools, "driver" | "connections" | "clock">,
): Promise<OperationResult> {
  connections.drop(id);
  try {
    lease.ensure();
    await driver.stop(name, clock.within(driver.callSeconds.stop, lease.signal));
    const found = await driver.get(name, clock.within(driver.callSeconds.get, lease.signal));
    if (found === null || found.state === "stopped") return { outcome: "cut" };
    return {
      outcome: "cut_failed",
      message: `The driver reports that ${name} is ${found.state} after the stop.`,
    };
  } catch (error) {
    lease.signal.throwIfAborted();
    return { outcome: "cut_failed", message: head(wordsOf(error), 4096) };
  }
}
