import type { Db } from "../db/client.ts";

/**
 * One duty of the sweep: takes no input, may run at any time and any number of times at once, and returns how many
 * things it acted on. It never retries inside: the next sweep does.
 */
export type RunDuty = (db: Db) => Promise<number>;
