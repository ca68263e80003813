import { Link, type LinkFault } from "./link.ts";

/** A probe that has begun meanwhile asks three times, and the observer sees what came of it later. */
const FELT_AFTER_MS = 90_000;

/** The relay's ways to the machines of its node: a link each, by the machine's port. */
export class MachineLinks {
  readonly #links = new Map<number, Link>();
  readonly #onOpened = new Set<(link: Link) => void>();
  readonly #nearHost: string;
  /** Until when a machine on that port cannot be expected to answer the relay. */
  readonly #harmed = new Map<number, number>();

  /** @param nearHost the address that the relay dials instead of the machine's own */
  constructor(nearHost: string) {
    this.#nearHost = nearHost;
  }

  /** The way to a machine that is about to be made; a port that served another one before keeps its link. */
  async open(port: number): Promise<void> {
    if (this.#links.has(port)) return;
    const link = await Link.listen({ host: "127.0.0.1", port }, { host: this.#nearHost, port });
    this.#links.set(port, link);
    for (const tell of this.#onOpened) tell(link);
  }

  /** Whether the way to that port fails, or did a moment ago: what was open then may stay dead for a while. */
  isHarmed(port: number): boolean {
    return performance.now() < (this.#harmed.get(port) ?? 0);
  }

  /** @param pick from 0 to 1: which of those that the relay uses now */
  silence(pick: number): LinkFault {
    return this.#onOne(pick, (link) => link.silence());
  }

  /** @param pick from 0 to 1: which of those that the relay uses now */
  cut(pick: number): LinkFault {
    return this.#onOne(pick, (link) => link.cut());
  }

  async close(): Promise<void> {
    for (const link of this.#links.values()) await link.close();
  }

  /** Where the relay uses none at this moment, all of them suffer it, and those that come while it lasts. */
  #onOne(pick: number, harm: (link: Link) => LinkFault): LinkFault {
    const links = [...this.#links.values()];
    const used = links.filter((link) => link.open > 0);
    const one = used[Math.floor(pick * used.length)];
    const noted = (link: Link): LinkFault => this.#noted(link, harm(link));
    if (one !== undefined) return noted(one);
    const faults = links.map(noted);
    const more = (link: Link): void => void faults.push(noted(link));
    this.#onOpened.add(more);
    return {
      hits: () => faults.reduce((sum, fault) => sum + fault.hits(), 0),
      end: () => {
        this.#onOpened.delete(more);
        for (const fault of faults) fault.end();
      },
    };
  }

  #noted({ port }: Link, fault: LinkFault): LinkFault {
    this.#harmed.set(port, Infinity);
    return {
      hits: () => fault.hits(),
      end: () => {
        this.#harmed.set(port, performance.now() + FELT_AFTER_MS);
        fault.end();
      },
    };
  }
}
