import type { CapacityReport } from "./capacity.ts";

/** What a spec would do to a pool, told before it does. Names are of machines that stand now. */
export type PoolChangePlan = {
  pool: string;
  isNew: boolean;
  /** Members of the spec that differ. */
  changed: string[];
  /** Machines made because there are too few. */
  create: number;
  /** Unassigned machines of another image, shape or set of admin keys: replaced one at a time. */
  replace: string[];
  /** Ready machines beyond the target: taken down one a sweep. */
  remove: string[];
  /** Assigned machines that are not what the spec says: they stay until their testers release them. */
  stay: string[];
  /** Of those to make and to replace, how many find no room anywhere, and what keeps them out. */
  unplaced: { count: number; binding: CapacityReport["binding"] } | null;
  /** What keeps the pool from making what it lacks. */
  blocked: "paused" | "max_size" | null;
  /** The plan in sentences. */
  text: string;
};
