/**
 * The answer if the database has not what this version asks for: the sentence is the same in the API, in /healthz, in a duty's
 * error and in the log, and the command line knows it by its text.
 */
export const NOT_MIGRATED =
  "the database is not migrated: run `npx warmpool migrate` with its DATABASE_URL (in a checkout: `npm run migrate`); if that finds nothing to do, the database is newer than this Warmpool: run the newer version";
