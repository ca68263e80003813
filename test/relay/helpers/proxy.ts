import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP proxy on loopback whose connections can be cut while both ends live on. */
export type Proxy = AsyncDisposable & {
  port: number;
  /** How many connections it has taken so far. */
  readonly taken: number;
  /** Does this at the next connection, before a byte of it is forwarded. */
  atNext(act: () => void): void;
  /** Resets every connection that is open now. @returns how many that were */
  cut(): number;
  /** Forwards nothing more on those that are open now, and tells neither end. @returns how many that were */
  freeze(): number;
};

/** To that port of 127.0.0.1, from `listen` (by chance unless told) of `host`. */
export async function proxyTo(port: number, listen = 0, host = "127.0.0.1"): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  let taken = 0;
  let next: (() => void) | null = null;
  const server = createServer((near) => {
    taken += 1;
    next?.();
    next = null;
    const far = connect(port, "127.0.0.1");
    pairs.set(near, far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        pairs.delete(near);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(listen, host, resolve));
  const cut = (): number => {
    const open = pairs.size;
    pairs.clear();
    for (const socket of sockets) socket.resetAndDestroy();
    return open;
  };
  return {
    port: (server.address() as AddressInfo).port,
    get taken() {
      return taken;
    },
    atNext(act) {
      next = act;
    },
    cut,
    freeze() {
      const open = pairs.size;
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
      pairs.clear();
      return open;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
