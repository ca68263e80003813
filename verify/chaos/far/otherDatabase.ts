import { join } from "node:path";
import type { Link, LinkFault } from "./link.ts";
import { hasPgbouncer, startPooler } from "./pooler.ts";
import { startStandby } from "./standby.ts";

/** What the far edge's address of its database may lead to for a while, instead of the server itself. */
export type Other = "standby" | "pooler";

export type Place = { link: Link; databaseUrl(): string; serverPid(): number; folder: string };

export class OtherDatabase {
  readonly #place: Place;
  #number = 0;
  #isStandby = false;

  constructor(place: Place) {
    this.#place = place;
  }

  /** While it is the standby, which may be behind: what the far edge reads then is of a moment ago. */
  get isBehind(): boolean {
    return this.#isStandby;
  }

  /**
   * Starts it, and leads the address there until the fault ends.
   * @throws Error if it cannot be started, or the address leads elsewhere already
   */
  async lead(other: Other): Promise<Omit<LinkFault, "end"> & { end(): Promise<void> }> {
    const { link, folder } = this.#place;
    const own = join(folder, `${other}${(this.#number += 1)}`);
    if (other === "pooler" && !(await hasPgbouncer())) throw new Error("pgbouncer is not installed");
    const server =
      other === "pooler"
        ? await startPooler(this.#place.databaseUrl(), own)
        : await startStandby(this.#place.databaseUrl(), this.#place.serverPid(), own);
    try {
      const fault = link.lead({ host: "127.0.0.1", port: server.port });
      this.#isStandby = other === "standby";
      return {
        hits: () => fault.hits(),
        end: async () => {
          fault.end();
          this.#isStandby = false;
          await server.stop();
        },
      };
    } catch (error) {
      await server.stop();
      throw error;
    }
  }
}
