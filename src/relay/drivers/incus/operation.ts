import type { z } from "zod";
import { DriverError } from "../../driver.ts";
import { operation } from "./answers.ts";
import { IncusError } from "./client.ts";
import type { Incus } from "./client.ts";

/**
 * What Incus does in the background. A call of this driver ends only when what it started has ended, also where it is
 * no longer wanted: it is then cancelled where Incus can do that, and else waited for.
 */
const SUCCESS = 200;
const CANCELLED = 401;
const FAILED = 400;
/** How long one question may stay open, in seconds. */
const WAIT_SECONDS = 5;
const UNKNOWN = "Operation not found";
/** What Incus says, as an error, of a question that got too old. */
const TOO_OLD = "context deadline exceeded";
/** How long to wait for the end of what is no longer wanted, in seconds. */
const SETTLE_SECONDS = 90;

/**
 * Waits until the operation has ended well.
 * @param id null where there is nothing to wait for
 * @throws IncusError with Incus's own words where it failed; DriverError `retry` where it has not ended in `seconds`
 *   or its end cannot be known; the signal's reason where that was aborted, after its end
 */
export async function ended(
  incus: Incus,
  id: string | null,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (id === null) return;
  const deadline = AbortSignal.timeout(seconds * 1000);
  try {
    await waitFor(incus, id, AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (!signal.aborted && !deadline.aborted) throw error;
    await settle(incus, id);
    signal.throwIfAborted();
    throw new DriverError(
      "retry",
      `Incus did not finish an operation (${id}) within ${seconds} s; it has finished since`,
    );
  }
}

async function waitFor(incus: Incus, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { status_code, err } = await look(incus, id, signal);
    if (status_code === SUCCESS) return;
    if (status_code === CANCELLED)
      throw new DriverError("retry", `Somebody cancelled the operation ${id} in Incus`);
    if (status_code >= FAILED) throw new IncusError(status_code, err);
  }
}

/**
 * The operation when it has ended, or after some seconds as it then is. Incus answers a question that got too old with
 * an error as well, just like an operation that failed: only the operation itself says which it was.
 */
async function look(incus: Incus, id: string, signal: AbortSignal): Promise<z.infer<typeof operation>> {
  const path = `/1.0/operations/${id}`;
  const question = { query: { timeout: String(WAIT_SECONDS) }, timeoutSeconds: WAIT_SECONDS + 10 };
  try {
    return await incus.read(`${path}/wait`, operation, signal, question);
  } catch (error) {
    if (!(error instanceof IncusError)) throw error;
    const now = await incus.read(path, operation, signal).catch(() => null);
    signal.throwIfAborted();
    // It may have ended well just after the question got too old.
    if (now !== null) return now;
    if (error.message !== UNKNOWN && error.message !== TOO_OLD) throw error;
    // What has ended is known for some seconds only, and nothing outlives the daemon.
    const said = `Incus no longer knows the operation ${id}: its daemon may have been restarted`;
    throw new DriverError("retry", said, { cause: error });
  }
}

/** Cancels the operation and waits for its end, whatever that is. */
async function settle(incus: Incus, id: string): Promise<void> {
  const deadline = AbortSignal.timeout(SETTLE_SECONDS * 1000);
  try {
    // Most operations on instances cannot be cancelled, and say so; they end by themselves.
    await incus.change("DELETE", `/1.0/operations/${id}`).catch(() => null);
    await waitFor(incus, id, deadline);
  } catch (error) {
    if (deadline.aborted) {
      const said = `A cancelled operation of Incus (${id}) is still running after ${SETTLE_SECONDS} s`;
      throw new DriverError("retry", said, { cause: error });
    }
    // It has ended by failing, which is an end.
    if (!(error instanceof IncusError) && !(error instanceof DriverError)) throw error;
  }
}
