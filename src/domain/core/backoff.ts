import { growing } from "../../contract/growing.ts";

/**
 * How long to wait before what has failed is tried again, in seconds. Each wait doubles with every failure up to a
 * bound, and varies by 20 % either way, so that what failed together does not come back together. Pure: the caller
 * draws `random`, from 0 to 1.
 */
function doubling(first: number, most: number, doublings: number, random: number): number {
  return growing(first, most, doublings) * (0.8 + 0.4 * random);
}

/**
 * The bound of R6: creates that a pool begins in any hour while none succeeds, however fast they fail, beyond the first
 * batch of what it lacked. It follows from the waits below, and a test holds it.
 */
export const FAILING_CREATES_PER_HOUR = 16;

/** Until a pool's next create, after so many that failed in a row: 5 s first, 10 minutes at most. */
export function createBackoffSeconds(failures: number, random: number): number {
  return failures <= 1 ? 0 : doubling(5, 600, failures - 2, random);
}

/** Until what is tried without end, such as a delete, is tried again: 2 s first, 5 minutes at most. */
export function retryBackoffSeconds(attempt: number, random: number): number {
  return doubling(1, 300, attempt, random);
}

/** Until a braked node's next canary, after so many that failed: 30 s first, 10 minutes at most. */
export function canaryBackoffSeconds(tries: number, random: number): number {
  return doubling(30, 600, tries - 1, random);
}

/** Until a message is sent to the webhook again: 5 s first, an hour at most. */
export function messageBackoffSeconds(attempts: number, random: number): number {
  return doubling(5, 3600, attempts - 1, random);
}

/** Failures in a row after which the webhook's receiver is left alone for a while, and then asked with one message at a time. */
export const RECEIVER_PATIENCE = 3;

/** For how long the receiver then gets nothing: 15 s first, 10 minutes at most. */
export function holdSeconds(failures: number, random: number): number {
  return failures < RECEIVER_PATIENCE ? 0 : doubling(15, 600, failures - RECEIVER_PATIENCE, random);
}
