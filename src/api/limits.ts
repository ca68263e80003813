/** Limits for the callers of one edge instance. The deployment may change them. */
export type Limits = {
  /** Requests per minute with one token; each procedure of a batch counts. */
  requestsPerMinute: number;
  /** Wrong tokens from one address that needed a lookup, per minute. Those that need none have ten times this limit. */
  wrongTokensPerMinute: number;
  /** Concurrent event streams of one token. */
  streamsPerToken: number;
  /** Concurrent connections from one address. Node only: on Cloudflare the platform limits them. */
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

/** The most procedures in one batch: each of them may query the database. */
export const MAX_BATCH = 50;

/** The settings of a deployment that change a limit. */
export const LIMIT_SETTINGS = {
  WARMPOOL_REQUESTS_PER_MINUTE: "requestsPerMinute",
  WARMPOOL_WRONG_TOKENS_PER_MINUTE: "wrongTokensPerMinute",
  WARMPOOL_STREAMS_PER_TOKEN: "streamsPerToken",
  WARMPOOL_CONNECTIONS_PER_ADDRESS: "connectionsPerAddress",
  WARMPOOL_REQUEST_SECONDS: "requestSeconds",
} as const satisfies Record<string, keyof Limits>;

/** The configured limits, each a whole number from 1; and a sentence for each setting that is anything else. */
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
