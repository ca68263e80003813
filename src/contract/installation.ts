import type { CallerRole } from "./token.ts";

/** What only the edge can see of itself and its database: what `warmpool doctor` judges. Times are ISO. */
export type InstallationCheck = {
  /** The mark on every machine of this installation. */
  installation: string;
  /** Who calls. */
  caller: { role: CallerRole; name: string };
  /** The edge's clock and the database's, read in the same moment; every decision goes by the database's. */
  clocks: { edge: string; database: string };
  database: {
    /** As Postgres gives it, such as `17.2`. */
    version: string;
    /** Migrations that were applied, and the time stamp (`when` of drizzle's journal) of the latest. */
    migrations: { applied: number; latest: number | null };
  };
  /** Of `WARMPOOL_SECRET_KEY`, and what hangs on it; never a key. */
  secrets: {
    /** How many keys this edge has; the first seals. */
    keys: number;
    /** What is wrong with the setting, null where nothing is, or it is not set at all. */
    problem: string | null;
    /** Pools whose recipe takes a secret parameter. */
    pools: string[];
    /** Live assignments that came with a secret; the rest counts some of these. */
    assignments: number;
    /** It waits for its set-up, sealed, and this edge cannot open it. */
    unreadable: number;
    /** Another key than the first is needed, to open it or to know it again. */
    older: number;
    /** It was used and wiped, and the key by which it would be known again is gone. */
    unknowable: number;
  };
  nodes: {
    name: string;
    /** The relay's public key, which opens root on the node's machines; null before it was first heard. */
    sshPublicKey: string | null;
    /** How far the relay's clock is ahead of the database's at least; null where that cannot be told. */
    clockAheadSeconds: number | null;
  }[];
};
