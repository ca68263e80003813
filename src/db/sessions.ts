import type { Sql } from "postgres";
import { endsSession } from "./failure.ts";

/** A standby that is asked again and again costs one set of connections a second, not one a statement. */
const RENEW_MS = 1000;
/** What is under way in the old sessions gets this long. */
const GRACE_SECONDS = 30;

/**
 * The driver's client, and another one as soon as a session of it answers that the server it leads to is not the one to ask:
 * a standby after a failover, a server that stops. The driver closes a session only if its socket closes, and a server
 * that has turned read-only leaves it open: each statement would be refused until the last of these sessions has
 * reached its age. All new connections resolve the host's name anew.
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
