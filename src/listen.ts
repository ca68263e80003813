import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./api/app.ts";
import type { Edge } from "./api/edge.ts";
import { LIMITS } from "./api/limits.ts";
import { createRefusals } from "./api/refusals.ts";
import { callerAddress, type TrustedProxies } from "./host/callerAddress.ts";
import { draining } from "./host/draining.ts";

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

/** Where to listen: an address of this host, or a socket that listens already. */
export type Place = { host: string; port: number } | { fd: number };

export type Listening = {
  host: string;
  port: number;
  /** Takes no more requests; those under way get so long, then their callers are hung up on. */
  close(graceMs: number): Promise<void>;
};

const NO_PROXIES: TrustedProxies = { has: () => false };

/**
 * Serves the app over HTTP by Node's own server.
 * @param place with port 0 for one that is free
 * @param proxies whose word counts about where a request came from
 * @throws what the system says where it cannot listen there.
 */
export async function listen(
  edge: Edge,
  place: Place,
  proxies: TrustedProxies = NO_PROXIES,
): Promise<Listening> {
  const { connectionsPerAddress, requestSeconds } = { ...LIMITS, ...edge.limits };
  const refusals = createRefusals();
  const app = createApp(refusals);
  const server = createServer({
    keepAliveTimeout: IDLE_SECONDS * 1000,
    headersTimeout: Math.min(HEAD_SECONDS, requestSeconds) * 1000,
    requestTimeout: requestSeconds * 1000,
    connectionsCheckingInterval: Math.min(LOOK_SECONDS, requestSeconds) * 1000,
  });
  const drain = draining(server);
  const answer = getRequestListener(
    async (request, { incoming }) => {
      const peer = incoming.socket.remoteAddress;
      const address = callerAddress(peer, incoming.headers["x-forwarded-for"]?.toString(), proxies);
      const about = address === undefined ? edge : { ...edge, address };
      return drain.response(await app.fetch(drain.request(request), about));
    },
    "host" in place ? { hostname: place.host } : {},
  );
  server.on("request", (incoming, outgoing) => void answer(incoming, outgoing));
  const bound = connectionBound(connectionsPerAddress, proxies, () => refusals.note("too_many_connections"));
  server.on("connection", bound);
  server.listen(place);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { host: address.address, port: address.port, close: (graceMs) => drain.close(graceMs) };
}

/** Turns a connection away while its address has so many others open. A trusted proxy brings everybody's. */
function connectionBound(
  most: number,
  proxies: TrustedProxies,
  onRefused: () => void,
): (socket: Socket) => void {
  const counts = new Map<string, number>();
  return (socket) => {
    const address = socket.remoteAddress ?? "";
    if (proxies.has(address)) return;
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
