import type { ListedReceipt } from "../../contract/machine.ts";
import type { DeleteOperation } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import type { Clock } from "../time/clock.ts";
import type { Driver } from "../driver.ts";
import { wordsOf } from "../errors.ts";
import type { Tools } from "../tools.ts";
import type { Lease } from "../session/lease.ts";
import { head } from "../text.ts";

/**
 * Stop, delete, then proof. That it has stopped is told at once: a delete may take its time, and the tester is out. A machine is gone only where the driver is sure that there is none of that name and a
 * complete listing, begun after the delete returned, does not show it. "Could not check" is never "gone".
 */
export async function deleteMachine(
  operation: DeleteOperation,
  lease: Lease,
  { driver, connections, clock }: Pick<Tools, "driver" | "connections" | "clock">,
): Promise<OperationResult> {
  const { id, name } = operation.machine;
  connections.drop(id);
  try {
    lease.ensure();
    await driver.stop(name, clock.within(driver.callSeconds.stop, lease.signal));
    await tellStopped(driver, name, lease, clock);
    if (operation.keep === true) return { outcome: "kept" };
    lease.ensure();
    await driver.delete(name, clock.within(driver.callSeconds.delete, lease.signal));
    return { outcome: "deleted", receipt: await prove(driver, name, lease.signal, clock) };
  } catch (error) {
    lease.signal.throwIfAborted();
    return { outcome: "delete_failed", message: head(wordsOf(error), 4096) };
  }
}

/** Somebody may be waiting to hear that a tester is out; the delete waits neither for that nor because of it. */
async function tellStopped(driver: Driver, name: string, lease: Lease, clock: Clock): Promise<void> {
  const left = await driver
    .get(name, clock.within(driver.callSeconds.get, lease.signal))
    .catch(() => undefined);
  if (left === undefined || (left !== null && left.state !== "stopped")) return;
  // That it could not be told shows in the lease itself.
  lease.confirm({ kind: "delete", stopped: true }).catch(() => undefined);
}

async function prove(
  driver: Driver,
  name: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<ListedReceipt> {
  const left = await driver.get(name, clock.within(driver.callSeconds.get, signal));
  if (left !== null)
    throw new Error(`The driver still shows ${name} (${left.ref}, ${left.state}) after the delete.`);
  const listingStartedAt = new Date(clock.wallNow()).toISOString();
  const { complete, machines, storageProof } = await driver.list(
    clock.within(driver.callSeconds.list, signal),
  );
  if (!complete)
    throw new Error("The driver's listing was incomplete, so it does not prove that the machine is gone.");
  if (machines.some((machine) => machine.name === name)) {
    throw new Error(
      `The node's listing still shows ${name} after the delete: a machine or one of its disks is left.`,
    );
  }
  return { kind: "listed", listingStartedAt, storageProof };
}
