import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * The way to a machine on the overlay network: an IPv6 address of the loopback, behind which the machine listens on
 * 127.0.0.1. Its route is found when somebody first asks for it. Until then nothing answers there, and what is tried
 * in the meantime comes to nothing.
 */
export const ADDRESS = "::1";

export class Route {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #foundAt: number | null = null;

  constructor(port: number, routeMs: number) {
    this.#server = createServer((socket) => {
      this.#keep(socket);
      this.#foundAt ??= Date.now() + routeMs;
      if (Date.now() < this.#foundAt) {
        setTimeout(() => socket.destroy(), this.#foundAt - Date.now());
        return;
      }
      const inner = this.#keep(connect({ host: "127.0.0.1", port }));
      socket.pipe(inner).pipe(socket);
      socket.once("close", () => inner.destroy());
      inner.once("close", () => socket.destroy());
    });
  }

  async open(port: number): Promise<void> {
    this.#server.listen({ host: ADDRESS, port, ipv6Only: true });
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((closed) => this.#server.close(closed));
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}
