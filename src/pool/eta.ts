import { arrivals, type Line } from "./forecast.ts";

/** Of ten, one is quicker than the range says and one slower. */
const QUICK = 0.1;
const SLOW = 0.9;
/** So few observations say little about how they vary. */
const FEW = 5;

/**
 * When somebody who waits gets a machine, in whole seconds, with a range. Null where that hangs on what was never
 * observed: a number made up would be worse than none.
 */
export function queueEta(
  line: Line,
  position: number,
): {
  etaSeconds: number | null;
  etaRange: [number, number] | null;
} {
  const at = (quantile: number) => arrivals(line, position, quantile)[position - 1];
  const usual = at(0.5);
  if (usual === undefined) return { etaSeconds: null, etaRange: null };
  const isVague = line.observed.creates.length < FEW;
  const low = Math.min(at(QUICK) ?? usual, isVague ? usual / 2 : usual);
  const high = Math.max(at(SLOW) ?? usual, isVague ? usual * 2 : usual);
  return {
    etaSeconds: Math.max(1, Math.round(usual)),
    etaRange: [Math.floor(low), Math.max(1, Math.ceil(high))],
  };
}

/** Seconds until a running set-up ends, by earlier ones of the same recipe version; never below one. */
export function setupEta(run: {
  usualSetupSeconds: number | null;
  setupSeconds: number | null;
}): number | null {
  if (run.usualSetupSeconds === null || run.setupSeconds === null) return null;
  return Math.max(1, Math.round(run.usualSetupSeconds - run.setupSeconds));
}
