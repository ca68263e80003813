import { INSTALLED, namedPlace, PLACE_VARIABLES } from "../relay/drivers/incus/place.ts";
import type { Place } from "../relay/drivers/incus/place.ts";
import { whyNotReady } from "../relay/drivers/incus/readiness.ts";
import type { Missing } from "../relay/drivers/incus/readiness.ts";
import type { Made } from "./folder.ts";
import type { StackOptions } from "./options.ts";

/**
 * What makes a stack's machines, and where in Incus. A state folder keeps what it was begun with: with another driver,
 * or in another place, its machines would be nobody's, and still there.
 */
export type Chosen = Made & {
  why: string;
  /** What is missing now and hinders no start: the stack serves the machines that it has. */
  missing: Missing | null;
};

/** Where to look for Incus, and what the environment says of the place in it. */
export type Surroundings = { socket: string; env: Readonly<NodeJS.ProcessEnv> };

/**
 * @param before what the state folder was begun with, null where it is new
 * @throws Error that says what to do, where the wanted driver cannot be had
 */
export async function chooseDriver(
  wanted: StackOptions["driver"],
  before: Made | null,
  signal: AbortSignal,
  { socket, env }: Surroundings = { socket: INSTALLED.socket, env: process.env },
): Promise<Chosen> {
  const named = namedPlace(env);
  if (before !== null)
    return goOn(wanted, before, named, (place) => whyNotReady({ ...place, socket }, signal));
  const { project, storagePool, profile, image } = { ...INSTALLED, ...named };
  const incus = { project, storagePool, profile, image };
  if (wanted === "local") return { driver: "local", incus, why: "", missing: null };
  const missing = await whyNotReady({ ...incus, socket }, signal);
  if (missing === null) {
    return { driver: "incus", incus, why: `project ${project}, image ${image}`, missing };
  }
  if (wanted === "auto") return { driver: "local", incus, why: missing.what, missing: null };
  throw new Error(`${missing.what}. ${missing.advice}; or use --driver local.`);
}

/** A start on a folder that has machines: whatever is missing for new ones, those that it has are served. */
async function goOn(
  wanted: StackOptions["driver"],
  before: Made,
  named: Partial<Place>,
  look: (place: Place) => Promise<Missing | null>,
): Promise<Chosen> {
  const { driver, incus } = before;
  if (wanted !== "auto" && wanted !== driver) {
    throw new Error(
      `this state folder uses the driver ${driver}. Omit --driver, or use another --state-dir.`,
    );
  }
  if (driver === "local") return { ...before, why: "the driver of this state folder", missing: null };
  for (const key of ["project", "storagePool", "profile"] as const) {
    const name = named[key];
    if (name === undefined || name === incus[key]) continue;
    const variable = PLACE_VARIABLES[key];
    throw new Error(
      `this state folder was created with ${variable}=${incus[key]}, and now it is ${name}. ` +
        `Set it to ${incus[key]} again, or use another --state-dir.`,
    );
  }
  // Which images its pools name by now is theirs: a create that does not find its own says so.
  const { project, storagePool, profile } = incus;
  const missing = await look({ project, storagePool, profile });
  return { ...before, why: `project ${project}`, missing };
}

/** The lines that say what was chosen, and what comes of it. */
export function saidOf({ driver, why, missing }: Chosen, isRoot: boolean): string[] {
  const chosen = `Driver: ${driver}${why === "" ? "" : ` (${why})`}`;
  if (missing !== null) {
    const { what, advice } = missing;
    return [chosen, `No machine can be created now: ${what}. Existing machines keep working. ${advice}.`];
  }
  return driver === "incus" || isRoot
    ? [chosen]
    : [chosen, "Without root a machine is a folder, not an isolated system"];
}
