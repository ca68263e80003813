import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export type MovingAddress = AsyncDisposable & {
  port: number;
  /** Where connections lead from now on; those that exist stay where they are. */
  moveTo(port: number): void;
  /** Ends the connections that exist, and refuses new ones. */
  close(): void;
  /** Accepts connections again, at the same port. */
  reopen(): Promise<void>;
};

/** An address of this machine that leads to a port of 127.0.0.1, and can be made to lead to another one. */
export async function movingAddress(port: number, host = "127.0.0.1"): Promise<MovingAddress> {
  let target = port;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    open.add(near);
    near
      .on("error", () => undefined)
      .on("close", () => {
        open.delete(near);
        far.destroy();
      });
    far.on("error", () => undefined).on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  const listenAt = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(at, host, resolve);
    });
  await listenAt(0);
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    moveTo: (other) => {
      target = other;
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
    reopen: () => listenAt(own),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
