import type { RefusalReason } from "../domain/metrics/catalogue.ts";
import { addRefusals } from "../domain/metrics/refusals.ts";
import type { Edge } from "./edge.ts";

/**
 * What the gate refused, counted in memory and written down by somebody who was let in: a refused request costs no
 * statement. What an instance has not written when it ends is lost, seconds' worth.
 */
export type Refusals = {
  note(reason: RefusalReason): void;
  /** Writes what was counted, after the answer, once in a few seconds at most. */
  writeSoon(edge: Edge): void;
  /** Writes it now: for whoever reads the counters. */
  write(edge: Edge): Promise<void>;
};

const WRITE_MS = 5000;

export function createRefusals(now: () => number = Date.now): Refusals {
  let counts = new Map<RefusalReason, number>();
  let written = -Infinity;
  const write = async (edge: Edge) => {
    if (counts.size === 0) return;
    const taken = counts;
    counts = new Map();
    written = now();
    try {
      await addRefusals(edge.connection.db, taken);
    } catch (error) {
      for (const [reason, count] of taken) counts.set(reason, (counts.get(reason) ?? 0) + count);
      throw error;
    }
  };
  return {
    note: (reason) => void counts.set(reason, (counts.get(reason) ?? 0) + 1),
    writeSoon: (edge) => {
      if (counts.size > 0 && now() - written >= WRITE_MS) edge.after(() => write(edge));
    },
    write,
  };
}
