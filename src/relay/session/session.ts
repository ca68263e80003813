import type { z } from "zod";
import type { Listing } from "../../contract/listing.ts";
import type { openInput, OpenResult } from "../../contract/relay.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Driver, DriverMachine } from "../driver.ts";
import { type Edge, EdgeError, endsSession, retryMs } from "./edge.ts";
import { RelayError, wordsOf } from "../errors.ts";
import { log } from "../log.ts";
import { pause } from "../time/pause.ts";
import { head } from "../text.ts";

type About = Omit<z.input<typeof openInput>, "listing">;

/**
 * Opens the session: looks at what stands on the node first, then tells the edge, again and again until it answers.
 * @throws RelayError where the edge refuses this relay.
 */
export async function openSession(
  edge: Edge,
  driver: Driver,
  about: About,
  signal: AbortSignal,
): Promise<OpenResult> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await edge.open({ ...about, listing: await listingOf(driver, signal) }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (endsSession(error) || (error instanceof EdgeError && error.code === "BAD_REQUEST"))
        throw refusal(error);
      log.warn("Opening the session failed; trying again", { cause: wordsOf(error), failures });
      await pause(retryMs(error, failures), signal);
    }
  }
}

/** What the driver shows now, as the edge wants to know it; null where it could not be asked. */
export async function listingOf(driver: Driver, signal: AbortSignal): Promise<Listing | null> {
  return (await lookAround(driver, signal))?.listing ?? null;
}

export type Surroundings = { listing: Listing; machines: DriverMachine[] };

/**
 * What the driver shows now, and where its machines are; null where it could not be asked.
 * @param onProblem is told what the driver said then
 */
export async function lookAround(
  driver: Driver,
  signal: AbortSignal,
  clock: Clock = systemClock,
  onProblem: (message: string) => void = () => undefined,
): Promise<Surroundings | null> {
  const startedAt = new Date(clock.wallNow()).toISOString();
  try {
    const listed = await driver.list(clock.within(driver.callSeconds.list, signal));
    const { complete, machines, copies = [] } = listed;
    const unmarked = machines.filter(({ mark }) => mark === undefined).map(nameOf);
    return { listing: { complete, startedAt, names: machines.map(nameOf), unmarked, copies }, machines };
  } catch (error) {
    signal.throwIfAborted();
    log.warn("The driver could not list its machines", { cause: wordsOf(error) });
    onProblem(head(wordsOf(error), 500));
    return null;
  }
}

function nameOf({ name }: DriverMachine): string {
  return name;
}

/** What the edge's refusal means for the person who runs this relay. */
export function refusal(error: EdgeError): RelayError {
  const meaning: Partial<Record<EdgeError["code"], string>> = {
    LEASE_LOST:
      "A newer relay has taken over this node. A node has only one relay: stop the other one before you start this one again.",
    UNAUTHORIZED:
      "The edge rejected this node's credential: the node was removed, or another relay has joined in its place. To give it the node again, enroll the node and join again with the new token (`relay join --replace`).",
    FORBIDDEN:
      "The edge does not allow this credential to act as a relay. Join again with a join token of this node.",
  };
  return new RelayError(meaning[error.code] ?? `The edge rejected this relay's request: ${error.message}`, {
    cause: error,
  });
}
