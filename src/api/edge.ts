import type { Connection } from "../db/client.ts";

/** What an entry hands to the app with each request: the app keeps nothing between them. */
export type Edge = {
  connection: Connection;
  /** The bootstrap admin token, a secret of the deployment. */
  adminToken: string | undefined;
  /** Lets work go on after the answer was sent. Its failure is logged, never the caller's. */
  after: (work: () => Promise<unknown>) => void;
};
