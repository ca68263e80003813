import { pgSequence } from "drizzle-orm/pg-core";

/**
 * Fencing tokens: every lease gets a higher one than all before it, so that whoever sees two can tell which is
 * the later. Gaps are harmless.
 */
export const fencing = pgSequence("fencing", { startWith: 1 });
