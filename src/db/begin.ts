import type { Sql, TransactionSql } from "postgres";
import { isUnavailable } from "./failure.ts";

/**
 * Transactions that end with their connection. The driver alone (postgres.js 3.4.9) goes on with one whose connection
 * has closed: its rollback is written to a socket that is gone, in a callback where nobody can catch what follows, and
 * the process dies of it; or what the transaction still says is carried out on the next connection, outside of any
 * transaction. See porsager/postgres#1208 and #1215. So here a transaction that has lost its connection says nothing
 * more, not even rollback: Postgres has rolled it back already.
 */
type Begin = (use: (tx: TransactionSql) => Promise<unknown>) => Promise<unknown>;

/** Between a socket's error and its close, which tells whether the connection is lost. */
const CLOSE_MS = 20;

/** How a transaction begins. */
export type Beginning = {
  /** What follows `begin`, in letters and spaces, such as `isolation level read committed`. */
  modes: string;
  /** Postgres ends a session that says nothing for so long in the middle of its transaction. */
  idleMs: number | null;
};

/**
 * Makes the client's own `begin` keep that. Changes the client, and gives it back.
 * @param beginning is asked at each transaction
 */
export function endingWithConnection<Client extends Sql>(client: Client, beginning: () => Beginning): Client {
  const begin = client.begin.bind(client) as (modes: string, use: Parameters<Begin>[0]) => Promise<unknown>;
  const safely = (use: (tx: TransactionSql) => Promise<unknown>) => {
    let lost: { error: unknown } | null = null;
    const { modes, idleMs } = beginning();
    const outcome = begin(modes, async (tx) => {
      const say = tx.unsafe.bind(tx);
      // Not as a parameter at start, which poolers refuse. It is sent with the next statement and costs no round trip.
      if (idleMs !== null) {
        void say(`set local idle_in_transaction_session_timeout = ${String(idleMs)}`).execute();
      }
      tx.unsafe = ((...statement: Parameters<typeof say>) => {
        if (lost !== null) throw lost.error;
        return say(...statement);
      }) as typeof tx.unsafe;
      try {
        return await use(tx);
      } catch (error) {
        if (isUnavailable(error)) await new Promise((resolve) => setTimeout(resolve, CLOSE_MS));
        // Who settles is rolled back by the driver; the caller has been told by `outcome`.
        if (lost !== null) await new Promise(() => undefined);
        throw error;
      }
    });
    outcome.catch((error: unknown) => {
      lost = { error };
    });
    return outcome;
  };
  return Object.assign(client, { begin: safely });
}
