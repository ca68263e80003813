import * as z from "zod";
import { wordsOf } from "../../errors.ts";
import { within } from "../../pause.ts";
import { incusClient } from "./client.ts";
import { asDriverError, saysAbsent } from "./failures.ts";
import type { Place } from "./place.ts";
import { NoAnswer } from "./socket.ts";

const ASK_SECONDS = 5;
const anything = z.unknown();

/**
 * Why machines cannot be made in that place of this node's Incus, in words for the person who starts it; null where
 * everything that a first create needs is there. Looks only.
 */
export async function whyNotReady(
  place: Required<Place> & { socket: string },
  parent: AbortSignal,
): Promise<string | null> {
  const incus = incusClient(place);
  const signal = within(ASK_SECONDS, parent);
  const needed = {
    "does not answer": "/1.0",
    [`has no project ${place.project}`]: `/1.0/projects/${encodeURIComponent(place.project)}`,
    [`has no storage pool ${place.storagePool}`]: `/1.0/storage-pools/${encodeURIComponent(place.storagePool)}`,
    [`has no profile ${place.profile}`]: `/1.0/profiles/${encodeURIComponent(place.profile)}`,
    [`has no image ${place.image}`]: `/1.0/images/aliases/${encodeURIComponent(place.image)}`,
  };
  for (const [what, path] of Object.entries(needed)) {
    try {
      await incus.read(path, anything, signal);
    } catch (error) {
      parent.throwIfAborted();
      if (saysAbsent(error)) return `Incus ${what}`;
      if (error instanceof NoAnswer) return silence(place.socket, error.why);
      return wordsOf(asDriverError(error, "Incus cannot be asked"));
    }
  }
  return null;
}

function silence(socket: string, why: string): string {
  switch (why) {
    case "ENOENT":
      return `Incus is not running: there is no ${socket}`;
    case "ECONNREFUSED":
      return `Incus is not running: nothing listens on ${socket}`;
    case "EACCES":
      return `this user may not ask Incus on ${socket}: only root and the group incus-admin may`;
    default:
      return `Incus does not answer on ${socket} (${why})`;
  }
}
