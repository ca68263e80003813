/** What the API and /healthz report while the database is away; the command line knows /healthz's problem by this text. */
export const DATABASE_DOWN = "the database does not respond";
