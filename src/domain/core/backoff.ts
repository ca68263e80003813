import { growing } from "../../contract/growing.ts";

/**
 * How long to wait before a retry, in seconds. Each delay doubles with every failure up to a
 * limit, and varies by 20 % either way, so that simultaneous failures are not retried simultaneously. Pure: the caller
 * passes `random`, from 0 to 1.
 */
function doubling(first: number, most: number, doublings: number, random: number): number {
  return growing(first, most, doublings) * (0.8 + 0.4 * random);
}

/**
 * The limit of R6: creates that a pool starts in any hour while none succeeds, however fast they fail, after the first
 * batch. It follows from the delays below; a test checks it.
 */
export const FAILING_CREATES_PER_HOUR = 16;

/** Before a pool's next create, after this many failures in a row: from 5 s up to 10 minutes. */
export function createBackoffSeconds(failures: number, random: number): number {
  return failures <= 1 ? 0 : doubling(5, 600, failures - 2, random);
}

/** Before the next attempt of an operation that is retried indefinitely, such as a delete: from 2 s up to 5 minutes. */
export function retryBackoffSeconds(attempt: number, random: number): number {
  return doubling(1, 300, attempt, random);
}

/** Before a braked node's next canary, after this many failures: from 30 s up to 10 minutes. */
export function canaryBackoffSeconds(tries: number, random: number): number {
  return doubling(30, 600, tries - 1, random);
}

/** Before a webhook message is sent again: from 5 s up to an hour. */
export function messageBackoffSeconds(attempts: number, random: number): number {
  return doubling(5, 3600, attempts - 1, random);
}

/** Failures in a row after which sending to the webhook's receiver pauses, and then resumes with one message at a time. */
export const RECEIVER_PATIENCE = 3;

/** How long that pause lasts: from 15 s up to 10 minutes. */
export function holdSeconds(failures: number, random: number): number {
  return failures < RECEIVER_PATIENCE ? 0 : doubling(15, 600, failures - RECEIVER_PATIENCE, random);
}
