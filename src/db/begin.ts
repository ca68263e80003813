import type { Sql, TransactionSql } from "postgres";
import { isUnavailable } from "./failure.ts";

/**
 * Transactions that end with their connection. The driver itself (postgres.js 3.4.9) continues a transaction whose connection
 * has closed: it writes the rollback to the closed socket, in a callback whose error nobody can catch, and
 * the process crashes; or it executes the transaction's further statements on the next connection, outside of any
 * transaction. See porsager/postgres#1208 and #1215. So here a transaction that has lost its connection sends nothing
 * more, not even a rollback: Postgres has already rolled it back.
 */
type Begin = (use: (tx: TransactionSql) => Promise<unknown>) => Promise<unknown>;

/** Between a socket's error and its close, which tells whether the connection is lost. */
const CLOSE_MS = 20;

/** How a transaction begins. */
export type Beginning = {
  /** What follows `begin`, in letters and spaces, such as `isolation level read committed`. */
  modes: string;
  /** Postgres closes a session that is idle for this long in a transaction. */
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
