import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP connection's way between two parts, which can fall silent or be cut while both ends live. Silent means half
 * open: nothing passes and neither end is told. What was open then stays dead for ever, even when the way is back.
 */
export class Link {
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  /** Near and far ends that still pass something on. */
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #all = new Set<Socket>();
  #isSilent = false;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer((near) => this.#take(near));
  }

  /**
   * @param listen where it is dialled; port 0 takes a free one
   * @throws Error where that port is taken
   */
  static async listen(
    target: { host: string; port: number },
    listen = { host: "127.0.0.1", port: 0 },
  ): Promise<Link> {
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

  /** Nothing passes from now on, on new connections neither. @returns how many were open */
  silence(): number {
    this.#isSilent = true;
    const open = this.#pairs.size;
    for (const [near, far] of this.#pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
    this.#pairs.clear();
    return open;
  }

  /** New connections pass again. */
  restore(): void {
    this.#isSilent = false;
  }

  /** Resets all that is open. @returns how many were */
  cut(): number {
    const open = this.#pairs.size;
    this.#pairs.clear();
    for (const socket of this.#all) socket.resetAndDestroy();
    return open;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #take(near: Socket): void {
    this.#own(near);
    if (this.#isSilent) {
      near.pause();
      return;
    }
    const far = this.#own(connect(this.#target));
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      one.pipe(other);
      one.once("close", () => {
        // Of a dead pair neither end hears of the other's.
        if (this.#pairs.delete(pair)) other.destroy();
      });
    }
  }

  #own(socket: Socket): Socket {
    this.#all.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#all.delete(socket));
    return socket;
  }
}
