import * as z from "zod";
import { wordsOf } from "../../errors.ts";
import { within } from "../../time/pause.ts";
import { incusClient } from "./client.ts";
import { asDriverError, saysAbsent } from "./failures.ts";
import type { Place } from "./place.ts";
import { NoAnswer } from "./socket.ts";

const ASK_SECONDS = 5;
const anything = z.unknown();

/** Why no machine can be made, and what to do about it: both for the person who starts Warmpool. */
export type Missing = { what: string; advice: string };

const INSTALL = "scripts/install-incus.sh, as root, makes it";
const BUILD = "scripts/build-image.sh, as root, makes it";

/**
 * Why machines cannot be made in that place of this node's Incus; null where everything that a create needs is there.
 * The image counts only if one is named. Looks only.
 */
export async function whyNotReady(
  place: Place & { socket: string },
  parent: AbortSignal,
): Promise<Missing | null> {
  const incus = incusClient(place);
  const signal = within(ASK_SECONDS, parent);
  const { project, storagePool, profile, image } = place;
  const needed: [what: string, path: string, advice: string][] = [
    ["does not respond", "/1.0", INSTALL],
    [`has no project ${project}`, `/1.0/projects/${encodeURIComponent(project)}`, INSTALL],
    [`has no storage pool ${storagePool}`, `/1.0/storage-pools/${encodeURIComponent(storagePool)}`, INSTALL],
    [`has no profile ${profile}`, `/1.0/profiles/${encodeURIComponent(profile)}`, INSTALL],
  ];
  if (image !== undefined) {
    needed.push([`has no image ${image}`, `/1.0/images/aliases/${encodeURIComponent(image)}`, BUILD]);
  }
  for (const [what, path, advice] of needed) {
    try {
      await incus.read(path, anything, signal);
    } catch (error) {
      parent.throwIfAborted();
      if (saysAbsent(error)) return { what: `Incus ${what}`, advice };
      if (error instanceof NoAnswer) return silence(place.socket, error.why);
      return { what: wordsOf(asDriverError(error, "Incus cannot be queried")), advice: LOOK };
    }
  }
  return null;
}

const LOOK = "Look at the daemon's log: `journalctl -u incus`, or /var/log/incus/incus.log";

function silence(socket: string, why: string): Missing {
  switch (why) {
    case "ENOENT":
      return {
        what: `Incus is not running: there is no ${socket}`,
        advice: "To set it up, run scripts/install-incus.sh and then scripts/build-image.sh as root",
      };
    case "ECONNREFUSED":
      return {
        what: `Incus is not running: nothing listens on ${socket}`,
        advice: "To start it, run scripts/install-incus.sh as root",
      };
    case "EACCES":
      return {
        what: `this user may not connect to Incus on ${socket}`,
        advice: "Run it as root, or add the user to the group incus-admin and log in again",
      };
    default:
      return { what: `Incus does not answer on ${socket} (${why})`, advice: LOOK };
  }
}
