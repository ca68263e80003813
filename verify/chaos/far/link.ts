import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP connection's way between two parts, which can fall silent or be cut while both ends live. Silent means half
 * open: nothing passes and neither end is told. What was open then stays dead for ever, even when the way is back.
 */
export class Link {
  readonly #server: Server;
  #target: Target;
  /** Counts what opens while it leads elsewhere. */
  #detour: Felt | null = null;
  /** Near and far ends that still pass something on. */
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Every near end that is open, those of dead pairs too. */
  readonly #nears = new Set<Socket>();
  readonly #all = new Set<Socket>();
  readonly #silences = new Set<Felt>();
  /** Cuts that found nothing open. */
  readonly #waiting = new Set<Felt>();

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer((near) => this.#take(near));
  }

  /**
   * @param listen where it is dialled; port 0 takes a free one
   * @throws Error where that port is taken
   */
  static async listen(target: Target, listen = { host: "127.0.0.1", port: 0 }): Promise<Link> {
    const link = new Link(target);
    await new Promise<void>((resolve, reject) => {
      link.#server.once("error", reject);
      link.#server.listen(listen.port, listen.host, resolve);
    });
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections pass something on. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Nothing passes from now on, on new connections neither until it ends. */
  silence(): LinkFault {
    const felt: Felt = { connections: this.#pairs.size };
    this.#silences.add(felt);
    for (const [near, far] of this.#pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
    this.#pairs.clear();
    return { hits: () => felt.connections, end: () => void this.#silences.delete(felt) };
  }

  /** Resets all that is open; where nothing is, the first one that hears an answer before the fault ends. */
  cut(): LinkFault {
    const felt: Felt = { connections: this.#nears.size };
    this.#resetAll();
    if (felt.connections === 0) this.#waiting.add(felt);
    return { hits: () => felt.connections, end: () => void this.#waiting.delete(felt) };
  }

  /**
   * Leads elsewhere until it ends, as an address does that moves: what is open is reset, now and then. One at a time.
   * @throws Error if it leads elsewhere already
   */
  lead(target: Target): LinkFault {
    if (this.#detour !== null) throw new Error("it leads elsewhere already");
    const [usual, felt] = [this.#target, { connections: 0 }];
    const turn = (to: Target, detour: Felt | null): void => {
      this.#target = to;
      this.#detour = detour;
      this.#resetAll();
    };
    turn(target, felt);
    return { hits: () => felt.connections, end: () => turn(usual, null) };
  }

  async close(): Promise<void> {
    this.#resetAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #resetAll(): void {
    this.#pairs.clear();
    for (const socket of this.#all) socket.resetAndDestroy();
  }

  #take(near: Socket): void {
    this.#own(near);
    this.#nears.add(near);
    near.once("close", () => this.#nears.delete(near));
    if (this.#silences.size > 0) {
      for (const felt of this.#silences) felt.connections += 1;
      near.pause();
      return;
    }
    if (this.#detour !== null) this.#detour.connections += 1;
    const far = this.#own(connect(this.#target));
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    far.once("data", () => this.#cutIfWaited(pair));
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      one.pipe(other);
      one.once("close", () => {
        // Of a dead pair neither end hears of the other's.
        if (this.#pairs.delete(pair)) other.destroy();
      });
    }
  }

  #cutIfWaited(pair: readonly [Socket, Socket]): void {
    if (this.#waiting.size === 0) return;
    for (const felt of this.#waiting) felt.connections += 1;
    this.#waiting.clear();
    this.#pairs.delete(pair);
    for (const socket of pair) socket.resetAndDestroy();
  }

  #own(socket: Socket): Socket {
    this.#all.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#all.delete(socket));
    return socket;
  }
}

/** A fault of a way while it lasts. */
export type LinkFault = {
  /** How many connections have felt it so far. */
  hits(): number;
  /** What opens from now on does not feel it. */
  end(): void;
};

type Felt = { connections: number };
type Target = { host: string; port: number };
