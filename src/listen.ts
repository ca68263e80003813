import { once } from "node:events";
import { serve } from "@hono/node-server";
import { createApp } from "./api/app.ts";
import type { Edge } from "./api/edge.ts";

/**
 * How long a connection is kept on which nobody asks anything: longer than a proxy keeps it (a minute, mostly) or a client.
 * Were it ended from here, a request that crosses the end would be lost, and its sender could not tell whether it was
 * carried out.
 */
const IDLE_SECONDS = 75;

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
  const app = createApp();
  const server = serve({
    fetch: (request) => app.fetch(request, edge),
    hostname: host,
    port,
    serverOptions: { keepAliveTimeout: IDLE_SECONDS * 1000 },
  });
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
