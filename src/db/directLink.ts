import { Socket } from "node:net";
import { readDatabaseUrl } from "./databaseUrl.ts";

/**
 * The way from a server of one's own to its Postgres, or to a pooler before it. Either end may be gone without a
 * word (a lost route, a host without power): then neither is told, and without these bounds a statement would wait, and
 * what a transaction has locked stay locked, for as long as TCP believes in the connection, a quarter of an hour or
 * for ever. See porsager/postgres#1089.
 */
export type DirectLink = {
  /** Makes the driver's sockets. */
  socket: () => Socket;
  /** Postgres ends a session that says nothing for so many milliseconds in the middle of a transaction. */
  silentMs: number;
  /** Seconds after which a connection that nobody uses is closed in good order. */
  idle_timeout: number;
};

/** Far longer than any statement of ours takes. */
const SILENT_SECONDS = 30;

/**
 * @param url the postgres:// URL that is dialled
 * @throws Error without the URL in it, if that is malformed
 * @param silentSeconds a socket on which nothing came or went for so long is given up, with what waits for it
 */
export function directLink(url: string, silentSeconds = SILENT_SECONDS): DirectLink {
  const read = readDatabaseUrl(url);
  if ("problem" in read) throw new Error(`the database's URL cannot be used: ${read.problem}`);
  const target = { host: read.host, port: read.port };
  return {
    // The driver reads host and port from its socket for TLS.
    socket: () => Object.assign(new GivingUp(silentSeconds * 1000).connect(target), target),
    silentMs: silentSeconds * 1000,
    idle_timeout: silentSeconds / 2,
  };
}

/** Closes itself at its timeout, whoever listens: the driver takes all listeners off before it begins TLS. */
class GivingUp extends Socket {
  constructor(silentMs: number) {
    super();
    this.setTimeout(silentMs);
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === "timeout") this.destroy();
    return super.emit(event, ...args);
  }
}
