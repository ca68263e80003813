import type { Forecast } from "./forecasts.ts";

const USUAL = 0.5;
/** One of ten is faster than the range and one slower. */
const QUICK = 0.1;
const SLOW = 0.9;
/** Fewer observations than this say little about their variation. */
const FEW = 5;

/** Shown if nothing is known about a turn. */
export const UNKNOWN_ETA = { etaSeconds: null, etaRange: null };

/**
 * When a waiting tester gets a machine, in whole seconds, with a range. Null if that depends on something that was never
 * observed: an invented number would be worse than none.
 */
export function queueEta(
  forecast: Forecast,
  position: number,
): {
  etaSeconds: number | null;
  etaRange: [number, number] | null;
} {
  const usual = forecast.at(position, USUAL);
  if (usual === undefined) return UNKNOWN_ETA;
  const isVague = forecast.observedCreates < FEW;
  const low = Math.min(forecast.at(position, QUICK) ?? usual, isVague ? usual / 2 : usual);
  const high = Math.max(forecast.at(position, SLOW) ?? usual, isVague ? usual * 2 : usual);
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
