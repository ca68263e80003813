/** Bounds on what callers may take of one edge instance. An entry may set others (docs/limits.md). */
export type Limits = {
  /** Requests of one token, per minute; each procedure of a batch counts. */
  requestsPerMinute: number;
  /** Requests without a valid token from one address, per minute. */
  wrongTokensPerMinute: number;
  /** Event streams that one token has open at a time. */
  streamsPerToken: number;
  /** Connections that one address has open at a time. Node only: on Cloudflare the platform bounds them. */
  connectionsPerAddress: number;
  /** Seconds that a request may take to arrive, body included. Node only, as above. */
  requestSeconds: number;
};

export const LIMITS: Limits = {
  requestsPerMinute: 30_000,
  wrongTokensPerMinute: 60,
  streamsPerToken: 1000,
  connectionsPerAddress: 1000,
  requestSeconds: 60,
};

/** Procedures in one batch at most: each of them may ask the database. */
export const MAX_BATCH = 50;
