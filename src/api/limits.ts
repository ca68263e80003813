/** Bounds on what callers may take of one edge instance. The deployment may set others. */
export type Limits = {
  /** Requests of one token, per minute; each procedure of a batch counts. */
  requestsPerMinute: number;
  /** Tokens from one address that had to be looked up and were wrong, per minute. Ten times as many that cost nothing. */
  wrongTokensPerMinute: number;
  /** Event streams that one token has open at a time. */
  streamsPerToken: number;
  /** Connections that one address has open at a time. Node only: on Cloudflare the platform bounds them. */
  connectionsPerAddress: number;
  /** Seconds that a request may take to arrive, body included. Node only, as above. */
  requestSeconds: number;
};

export const LIMITS: Limits = {
  requestsPerMinute: 300_000,
  wrongTokensPerMinute: 300,
  streamsPerToken: 1000,
  connectionsPerAddress: 1000,
  requestSeconds: 60,
};

/** Procedures in one batch at most: each of them may ask the database. */
export const MAX_BATCH = 50;

/** The settings of a deployment that change a bound. */
export const LIMIT_SETTINGS = {
  WARMPOOL_REQUESTS_PER_MINUTE: "requestsPerMinute",
  WARMPOOL_WRONG_TOKENS_PER_MINUTE: "wrongTokensPerMinute",
  WARMPOOL_STREAMS_PER_TOKEN: "streamsPerToken",
  WARMPOOL_CONNECTIONS_PER_ADDRESS: "connectionsPerAddress",
  WARMPOOL_REQUEST_SECONDS: "requestSeconds",
} as const satisfies Record<string, keyof Limits>;

/** The bounds that are set, each a whole number from 1 on; and a sentence for each that is set to anything else. */
export function readLimits(setting: (name: keyof typeof LIMIT_SETTINGS) => string | undefined): {
  limits: Partial<Limits>;
  problems: string[];
} {
  const limits: Partial<Limits> = {};
  const problems: string[] = [];
  for (const name of Object.keys(LIMIT_SETTINGS) as (keyof typeof LIMIT_SETTINGS)[]) {
    const text = setting(name) ?? "";
    if (text === "") continue;
    if (/^[1-9]\d{0,8}$/.test(text)) limits[LIMIT_SETTINGS[name]] = Number(text);
    else problems.push(`${name} is ${text}; it must be a whole number, 1 or more`);
  }
  return { limits, problems };
}
