import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type { Db } from "../../src/db/client.ts";

const dialect = new PgDialect();

/**
 * The same database, on which `happens` runs to its end just before the first statement of a transaction whose text
 * has `part`: what another session commits in that very moment. It happens once, in the first transaction; that one fails
 * where no statement has the text.
 */
export function betweenStatements(db: Db, part: string, happens: () => Promise<unknown>): Db {
  let hasHappened = false;
  return overlaid(db, {
    transaction: (work: (tx: Db) => Promise<unknown>) =>
      db.transaction(async (tx) => {
        const result = await work(
          overlaid(tx, {
            execute: async (statement: SQL) => {
              if (!hasHappened && dialect.sqlToQuery(statement).sql.includes(part)) {
                hasHappened = true;
                await happens();
              }
              return tx.execute(statement);
            },
          }),
        );
        if (!hasHappened) throw new Error(`no statement of the transaction has the text ${part}`);
        return result;
      }),
  });
}

/** The same database, on which `happens` runs in place of statements whose text has `part`, and may have them `run`. */
export function inPlaceOf(
  db: Db,
  part: string,
  happens: (run: () => Promise<unknown>) => Promise<unknown>,
): Db {
  return overlaid(db, {
    execute: async (statement: SQL) =>
      dialect.sqlToQuery(statement).sql.includes(part)
        ? happens(async () => db.execute(statement))
        : db.execute(statement),
  });
}

function overlaid(db: Db, replaced: Record<string, unknown>): Db {
  return new Proxy(db, {
    get: (target, name) => (typeof name === "string" && replaced[name]) || Reflect.get(target, name, target),
  });
}
