import { Socket } from "node:net";
import { readDatabaseUrl } from "./databaseUrl.ts";

/**
 * The connection of a self-hosted server to its Postgres, or to a pooler in front of it. Either end may disappear
 * silently (a lost route, a power failure). Without these limits a statement would then wait, and
 * the locks of a transaction would stay, until TCP gives up the connection, after a quarter of an hour or
 * never. See porsager/postgres#1089.
 */
export type DirectLink = {
  /** Creates the driver's sockets. */
  socket: () => Socket;
  /** Postgres closes a session that is idle for this many milliseconds in a transaction. */
  silentMs: number;
  /** Seconds after which an unused connection is closed. */
  idle_timeout: number;
};

/** Far longer than any statement of Warmpool takes. */
const SILENT_SECONDS = 30;

/**
 * @param url the postgres:// URL that is dialled
 * @throws Error without the URL in it, if that is malformed
 * @param silentSeconds a socket without traffic for this long is closed, and everything that waits for it fails
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

/** Closes itself at its timeout, without listeners: the driver removes all listeners before it starts TLS. */
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
