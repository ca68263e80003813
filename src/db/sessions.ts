import type { Sql } from "postgres";
import { endsSession } from "./failure.ts";

/** Repeated use of a standby costs one set of connections per second, not one per statement. */
const RENEW_MS = 1000;
/** How long running statements of the old sessions may take. */
const GRACE_SECONDS = 30;

/**
 * The driver's client, and a new one as soon as a session reports that its server should no longer be used:
 * a standby after a failover, a server that stops. The driver closes a session only if its socket closes, but a server
 * that has become read-only keeps it open: each statement would be refused until the last of these sessions has
 * reached its maximum age. All new connections resolve the host's name again.
 */
export class Sessions {
  readonly #open: () => Sql;
  readonly #old = new Set<Promise<void>>();
  #current: Sql;
  #openedAt = -RENEW_MS;

  constructor(open: () => Sql) {
    this.#open = open;
    this.#current = open();
  }

  get current(): Sql {
    return this.#current;
  }

  /** Takes note of what a statement that was given to `client` failed with. Sessions that are idle close at once. */
  failed(client: Sql, error: unknown): void {
    const now = performance.now();
    if (client !== this.#current || !endsSession(error) || now - this.#openedAt < RENEW_MS) return;
    this.#openedAt = now;
    this.#current = this.#open();
    const closed: Promise<void> = client
      .end({ timeout: GRACE_SECONDS })
      .catch(() => undefined)
      .finally(() => this.#old.delete(closed));
    this.#old.add(closed);
  }

  async end(graceSeconds: number): Promise<void> {
    await this.#current.end({ timeout: graceSeconds });
    await Promise.race([
      Promise.all(this.#old),
      new Promise((resolve) => setTimeout(resolve, graceSeconds * 1000).unref()),
    ]);
  }
}
