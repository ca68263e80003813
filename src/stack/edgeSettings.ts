/** Settings of the edge that `npm start` takes from its environment and hands on, in both runtimes. */
export const EDGE_SETTINGS = [
  "WARMPOOL_WEBHOOK_URL",
  "WARMPOOL_WEBHOOK_SECRET",
  "WARMPOOL_ADMIN_REQUESTS_PER_MINUTE",
] as const;
