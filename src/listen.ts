import { once } from "node:events";
import type { Socket } from "node:net";
import { serve } from "@hono/node-server";
import { createApp } from "./api/app.ts";
import type { Edge } from "./api/edge.ts";
import { LIMITS } from "./api/limits.ts";
import { createRefusals } from "./api/refusals.ts";

/**
 * How long a connection is kept on which nobody asks anything: longer than a proxy keeps it (a minute, mostly) or a client.
 * Were it ended from here, a request that crosses the end would be lost, and its sender could not tell whether it was
 * carried out.
 */
const IDLE_SECONDS = 75;

/** A request's head comes in one piece, mostly. */
const HEAD_SECONDS = 20;
/** How often Node looks for requests that take too long. */
const LOOK_SECONDS = 5;

export type Listening = {
  port: number;
  /** Takes no more requests; those under way get so long, then their callers are hung up on. */
  close(graceMs: number): Promise<void>;
};

/**
 * Serves the app over HTTP by Node's own server.
 * @param port 0 for one that is free.
 * @throws what the system says where it cannot listen there.
 */
export async function listen(edge: Edge, host: string, port: number): Promise<Listening> {
  const { connectionsPerAddress, requestSeconds } = { ...LIMITS, ...edge.limits };
  const refusals = createRefusals();
  const app = createApp(refusals);
  const server = serve({
    fetch: (request, { incoming }) => {
      const address = incoming.socket.remoteAddress;
      return app.fetch(request, address === undefined ? edge : { ...edge, address });
    },
    hostname: host,
    port,
    serverOptions: {
      keepAliveTimeout: IDLE_SECONDS * 1000,
      headersTimeout: Math.min(HEAD_SECONDS, requestSeconds) * 1000,
      requestTimeout: requestSeconds * 1000,
      connectionsCheckingInterval: Math.min(LOOK_SECONDS, requestSeconds) * 1000,
    },
  });
  const bound = connectionBound(connectionsPerAddress, () => refusals.note("too_many_connections"));
  server.on("connection", bound);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    port: address.port,
    close: async (graceMs) => {
      const closed = new Promise((resolve) => server.close(resolve));
      if ("closeAllConnections" in server) setTimeout(() => server.closeAllConnections(), graceMs).unref();
      await closed;
    },
  };
}

/** Turns a connection away while its address has so many others open. */
function connectionBound(most: number, onRefused: () => void): (socket: Socket) => void {
  const counts = new Map<string, number>();
  return (socket) => {
    const address = socket.remoteAddress ?? "";
    const others = counts.get(address) ?? 0;
    if (others >= most) {
      onRefused();
      socket.end(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      );
      // Whoever does not read the answer or goes on sending is not waited for.
      socket.destroySoon();
      return;
    }
    counts.set(address, others + 1);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 0) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  };
}
