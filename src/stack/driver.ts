import { INSTALLED } from "../relay/drivers/incus/place.ts";
import { whyNotReady } from "../relay/drivers/incus/readiness.ts";
import type { StackDriver } from "./folder.ts";
import type { StackOptions } from "./options.ts";

/**
 * What makes a stack's machines. A state folder keeps what it was begun with: with another driver its machines would
 * be nobody's, and still there.
 */
export type Chosen = { driver: StackDriver; why: string };

/**
 * @param before what the state folder was begun with, null where it is new
 * @throws Error that says what to do, where the wanted driver cannot be had
 */
export async function chooseDriver(
  wanted: StackOptions["driver"],
  before: StackDriver | null,
  signal: AbortSignal,
  place: Parameters<typeof whyNotReady>[0] = INSTALLED,
): Promise<Chosen> {
  if (before !== null && wanted !== "auto" && wanted !== before) {
    throw new Error(
      `this state folder's machines are made by the driver ${before}. Leave --driver out, or take another --state-dir.`,
    );
  }
  const driver = before ?? wanted;
  if (driver === "local") return { driver, why: before === null ? "" : "as this state folder was begun" };
  const missing = await whyNotReady(place, signal);
  if (missing === null) return { driver: "incus", why: `project ${place.project}, image ${place.image}` };
  if (driver === "auto") return { driver: "local", why: missing };
  const instead = before === null ? "; or take --driver local" : "";
  throw new Error(
    `${missing}. scripts/install-incus.sh and then scripts/build-image.sh, as root, make what is missing${instead}.`,
  );
}

/** The lines that say what was chosen, and what comes of it. */
export function saidOf({ driver, why }: Chosen, isRoot: boolean): string[] {
  const chosen = `Driver: ${driver}${why === "" ? "" : ` (${why})`}`;
  if (driver === "incus" || isRoot) return [chosen];
  return [chosen, "Without root a machine is a folder, not a system of its own"];
}
