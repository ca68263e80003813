/** Failures in a row after which the receiver is left alone for a while, and then asked with one message at a time. */
export const PATIENCE = 3;

/** A message is given up when it is so old. */
export const GIVE_UP_DAYS = 3;

/** Seconds until a message is tried again: 5 s, doubling, an hour at most, ± 20 %. */
export function messageBackoffSeconds(attempts: number, random: number): number {
  return Math.min(3600, 5 * 2 ** Math.min(attempts - 1, 20)) * (0.8 + 0.4 * random);
}

/** Seconds for which the receiver gets nothing after so many failures in a row: from PATIENCE on, 10 minutes at most. */
export function holdSeconds(failures: number, random: number): number {
  if (failures < PATIENCE) return 0;
  return Math.min(600, 15 * 2 ** Math.min(failures - PATIENCE, 20)) * (0.8 + 0.4 * random);
}
