import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { systemClock } from "./clock.ts";
import { loopDelay } from "./loopDelay.ts";

/**
 * A clock to judge others by: it counts how much of the time somebody on this host could have used. While the timers of
 * this process are late it stands still, and while several tasks want each CPU it goes that many times slower. A
 * deadline on it is one of a quiet host, and stretches on a busy one: ten times at most for want of CPU, because a part
 * that hangs has to be found in the end.
 */
const SLOWEST = 10;

export type FairSources = {
  now: () => number;
  /** Milliseconds by which timers have been late in all. */
  lateMs: () => number;
  /** How many tasks want each CPU. */
  crowd: () => number;
};

/** @returns a monotonic `now()` in milliseconds, to be read every few seconds while a deadline is open */
export function fairTime({ now, lateMs, crowd }: FairSources): () => number {
  let last: { now: number; lateMs: number } | null = null;
  let counted = 0;
  return () => {
    const seen = { now: now(), lateMs: lateMs() };
    const before = last ?? seen;
    const usable = seen.now - before.now - (seen.lateMs - before.lateMs);
    counted += Math.max(0, usable) / slowness(crowd());
    last = seen;
    return counted;
  };
}

/** How long to wait for what takes so long on a quiet host, in the same unit and whole: timers take no fractions. */
export function stretched(duration: number): number {
  return Math.ceil(duration * slowness(hostCrowd()));
}

/**
 * How many tasks want each CPU, from /proc/loadavg: the larger of now and the last minute's mean, which also counts
 * tasks that wait for a disk. 0 if the host has no such file.
 */
export function crowdOf(loadavg: string, cpus: number): number {
  const [, mean = "0", running = "1"] = /^(\S+) \S+ \S+ (\d+)\//.exec(loadavg) ?? [];
  // One of the running tasks is this process, which asks.
  return Math.max(Number(mean), Number(running) - 1) / cpus;
}

function slowness(crowd: number): number {
  return Math.min(SLOWEST, Math.max(1, crowd));
}

function hostCrowd(): number {
  return crowdOf(readLoad(), availableParallelism());
}

function readLoad(): string {
  try {
    return readFileSync("/proc/loadavg", "latin1");
  } catch {
    return "";
  }
}

/** Of this host, as this process sees it. */
export const fairNow = fairTime({ now: systemClock.now, lateMs: () => loopDelay.lateMs, crowd: hostCrowd });
