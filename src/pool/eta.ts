import { SETTINGS } from "./settings.ts";

/**
 * Estimates from what was observed: medians of the last durations. Null where nothing was observed yet: a number
 * made up would be worse than none.
 */
export function queueEta(line: {
  position: number;
  coming: number | null;
  usualCreateSeconds: number | null;
}): {
  etaSeconds: number | null;
  etaRange: [number, number] | null;
} {
  const usual = line.usualCreateSeconds;
  if (usual === null) return { etaSeconds: null, etaRange: null };
  const rounds = Math.ceil(line.position / SETTINGS.nodeConcurrency);
  const underWay = line.coming !== null && line.coming >= line.position ? 0.5 : 0;
  const seconds = Math.max(1, usual * (rounds - underWay));
  return { etaSeconds: Math.round(seconds), etaRange: [Math.floor(seconds * 0.5), Math.ceil(seconds * 2)] };
}

/** Seconds until a running set-up ends, by earlier ones of the same recipe version; never below one. */
export function setupEta(run: {
  usualSetupSeconds: number | null;
  setupSeconds: number | null;
}): number | null {
  if (run.usualSetupSeconds === null || run.setupSeconds === null) return null;
  return Math.max(1, Math.round(run.usualSetupSeconds - run.setupSeconds));
}
