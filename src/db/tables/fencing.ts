import { pgSequence } from "drizzle-orm/pg-core";

/**
 * Fencing tokens: every lease gets a higher one than all before it, so that whoever sees two can tell which is
 * the later. Gaps are harmless; src/domain/operations/lease.ts makes them, so that an older copy of the database draws none again.
 */
export const fencing = pgSequence("fencing", { startWith: 1 });
