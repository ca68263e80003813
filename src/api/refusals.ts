import type { RefusalReason } from "../domain/metrics/catalogue.ts";
import { addRefusals } from "../domain/metrics/refusals.ts";
import type { Edge } from "./edge.ts";

/**
 * Requests that the gate refused, counted in memory and stored during an accepted request: a refused request costs no
 * statement. The last seconds' counts are lost when an instance stops.
 */
export type Refusals = {
  note(reason: RefusalReason): void;
  /** Stores the counts, after the response, at most once every few seconds. */
  writeSoon(edge: Edge): void;
  /** Stores them now, before the counters are read. */
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
