import * as z from "zod";
import { runningOperation } from "./answers.ts";
import type { Incus } from "./client.ts";

/**
 * Incus answers a create before the instance stands in any listing: for some milliseconds it is nothing but an
 * operation. A relay that was killed then leaves a machine that nobody sees yet. So what is absent counts as absent
 * only when no operation on it was under way before the look.
 */

/** Status codes of Incus from here on are ends. */
const ENDED = 200;

/** Names of the instances, anybody's, that an operation of this project is at work on. */
export async function underWay(incus: Incus, signal: AbortSignal): Promise<Set<string>> {
  const operations = await incus.read(
    "/1.0/operations",
    z.record(z.string(), z.array(runningOperation)),
    signal,
    { query: { recursion: "1" } },
  );
  const names = Object.values(operations)
    .flat()
    .filter(({ status_code }) => status_code < ENDED)
    .flatMap(({ resources }) => resources?.["instances"] ?? [])
    .map((url) => /^\/1\.0\/instances\/([^/?]+)/.exec(url)?.[1])
    .filter((name) => name !== undefined);
  return new Set(names);
}
