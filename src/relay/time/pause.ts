import { growing } from "../../contract/growing.ts";
import { systemClock } from "./clock.ts";

/** Waiting by the system's clock, for code that is not given one. */
export const { pause, within } = systemClock;

/** Milliseconds before try number `failures` + 1: half a second, doubling to ten, a quarter of it random. */
export function backoff(failures: number, random: () => number = Math.random): number {
  return growing(500, 10_000, Math.max(0, failures - 1)) * (0.75 + 0.25 * random());
}
