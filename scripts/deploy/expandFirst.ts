/**
 * Migrations run before the new version is deployed, and the version before still runs meanwhile, and again after a way
 * back. So a migration may only add: what takes away from under that version waits for the deploy after the next. Pure.
 */
const TAKES_AWAY: readonly [pattern: RegExp, what: string][] = [
  [/\bdrop\s+table\b/i, "drops a table"],
  [/\bdrop\s+column\b/i, "drops a column"],
  [/\brename\s+(?:to|column|constraint)\b/i, "renames"],
  [/\bset\s+not\s+null\b/i, "makes a column required"],
  [/\bset\s+data\s+type\b/i, "changes the type of a column"],
  [
    /\badd\s+column\b(?![^;]*\b(?:default|generated)\b)[^;]*\bnot\s+null\b/i,
    "adds a required column without a default",
  ],
];

/** A migration says so itself when no running version uses what it takes away, and why that is sure. */
const AGREED = /^-- contract: \S+/m;

/** Those before it are older than the first deploy by this command. */
const FIRST_CHECKED = 25;

export type Migration = { name: string; sql: string };

/** What is not expand-first, a sentence each. */
export function contractions(migrations: readonly Migration[]): string[] {
  return migrations
    .filter(({ name, sql }) => Number(name.slice(0, 4)) >= FIRST_CHECKED && !AGREED.test(sql))
    .flatMap(({ name, sql }) =>
      sql.split("--> statement-breakpoint").flatMap((statement) => {
        const found = TAKES_AWAY.filter(([pattern]) => pattern.test(statement));
        return found.map(
          ([, what]) => `${name} ${what}, which the version that runs may still use: ${short(statement)}`,
        );
      }),
    );
}

function short(statement: string): string {
  return statement.trim().replaceAll(/\s+/g, " ").slice(0, 120);
}
