import type { Sql } from "postgres";

/**
 * Named statements, which Postgres plans once per session. Behind a pooler that gives each transaction another session they
 * do not exist, or belong to another client, and the driver would then return the rows of another statement. So none are used
 * until it is proven that a connection is one session: Postgres reports its process when a session starts, and must run
 * the statement in the same process. A pooler invents the number. The proof is repeated whenever a connection closes.
 */
export class NamedStatements {
  #client: Sql | null = null;
  #state: "unknown" | "asked" | "no" | "yes" = "unknown";

  /** Proves it in the background, after a statement that would have been faster for it. Costs one statement. */
  prove(client: Sql): void {
    if (client !== this.#client) {
      this.#client = client;
      this.#state = "unknown";
    }
    if (this.#state !== "unknown") return;
    this.#state = "asked";
    void this.#ask(client);
  }

  async #ask(client: Sql): Promise<void> {
    const found = await processes(client);
    // A connection has closed since.
    if (client !== this.#client || this.#state !== "asked") return;
    if (found === null) this.#state = "unknown";
    else this.#state = found.named === found.ran ? "yes" : "no";
    client.options.prepare = this.#state === "yes";
  }

  /** A connection of the client has closed: the next one may lead to another server. */
  forget(client: Sql): void {
    client.options.prepare = false;
    if (client === this.#client) this.#state = "unknown";
  }
}

/** The process that the server reported when the connection started, and the one in which a statement ran. */
async function processes(client: Sql): Promise<{ named: number; ran: number | undefined } | null> {
  try {
    const found = await client.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid");
    return { named: found.state.pid, ran: found[0]?.pid };
  } catch {
    return null;
  }
}
