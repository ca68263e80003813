import { connect, createServer, type AddressInfo } from "node:net";

export type MovingAddress = AsyncDisposable & {
  port: number;
  /** Where connections lead from now on; those that exist stay where they are. */
  moveTo(port: number): void;
};

/** An address of this machine that leads to a port of 127.0.0.1, and can be made to lead to another one. */
export async function movingAddress(port: number, host = "127.0.0.1"): Promise<MovingAddress> {
  let target = port;
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    near.on("error", () => undefined).on("close", () => far.destroy());
    far.on("error", () => undefined).on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    moveTo: (other) => {
      target = other;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
