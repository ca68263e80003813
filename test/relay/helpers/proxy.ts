import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP proxy on loopback whose connections can be cut while both ends live on. */
export type Proxy = AsyncDisposable & {
  port: number;
  /** How many connections it has taken so far. */
  readonly taken: number;
  /** Resets every connection that is open now. */
  cut(): void;
};

export async function proxyTo(port: number, listen = 0): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const server = createServer((near) => {
    taken += 1;
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(listen, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get taken() {
      return taken;
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
