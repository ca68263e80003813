import type { TokenRole } from "./token.ts";

/** What only the edge can see of itself and its database: what `warmpool doctor` judges. Times are ISO. */
export type InstallationCheck = {
  /** The mark on every machine of this installation. */
  installation: string;
  /** Whom the token of this call speaks for. */
  caller: { role: TokenRole; name: string };
  /** The edge's clock and the database's, read in the same moment; every decision goes by the database's. */
  clocks: { edge: string; database: string };
  database: {
    /** As Postgres gives it, such as `17.2`. */
    version: string;
    /** Migrations that were applied, and the time stamp (`when` of drizzle's journal) of the latest. */
    migrations: { applied: number; latest: number | null };
  };
  nodes: {
    name: string;
    /** The relay's public key, which opens root on the node's machines; null before it was first heard. */
    sshPublicKey: string | null;
    /** How far the relay's clock is ahead of the database's at least; null where that cannot be told. */
    clockAheadSeconds: number | null;
  }[];
};
