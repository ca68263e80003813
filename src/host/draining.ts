import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";

/**
 * How a server ends without losing a request. It accepts nothing more, ends event streams (their clients reconnect) and
 * long polls (they answer that there is nothing), and answers what it has begun. Connections are kept for a moment although
 * nobody asks anything on them, because a request may be crossing, and each answer from then on says that it is the
 * connection's last. What then still runs has until the end of the grace.
 */
export type Draining = {
  /** What the app gets: long polls end when the server stops. */
  request(request: Request): Request;
  /** What the caller gets: event streams end when the server stops. */
  response(response: Response): Response;
  /** @returns when all connections have ended, or after the grace */
  close(graceMs: number): Promise<void>;
};

/** Longer than a busy connection is idle between two requests. */
const LAST_CALL_MS = 500;
const LOOK_MS = 50;
/** The only calls that wait for something to happen. */
const LONG_POLLS = /\/trpc\/relay\.lease(?:[?,]|$)/;

/** @param server one that listens */
export function draining(server: Server): Draining {
  const stopping = new AbortController();
  const pending = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.prependListener("request", (_: IncomingMessage, response: ServerResponse) => {
    if (stopping.signal.aborted) response.setHeader("connection", "close");
    pending.add(response);
    response.once("close", () => pending.delete(response));
  });
  return {
    request: (request) =>
      LONG_POLLS.test(request.url)
        ? new Request(request, { signal: AbortSignal.any([request.signal, stopping.signal]) })
        : request,
    response: (response) => (isEventStream(response) ? ending(response, stopping.signal) : response),
    close: async (graceMs) => {
      // Not http.Server.close, which would end idle connections at once.
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      for (const response of pending) if (!response.headersSent) response.setHeader("connection", "close");
      stopping.abort();
      let looks: NodeJS.Timeout | undefined;
      const lastCall = setTimeout(
        () => (looks = setInterval(() => closeIdle(server, sockets), LOOK_MS)),
        Math.min(LAST_CALL_MS, graceMs),
      );
      const end = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      for (const timer of [lastCall, end]) clearTimeout(timer);
      clearInterval(looks);
      // It listens no more; this ends its own timers.
      server.close();
    },
  };
}

/** For Node a connection on which nothing has been asked yet is not idle. */
function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  server.closeIdleConnections();
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
}

function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/**
 * The same response, but its body ends with the signal. Not by the request's signal: the app would say that the
 * subscription is complete, and nobody would reconnect.
 */
function ending(response: Response, signal: AbortSignal): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  let stop = (): void => undefined;
  const stopped = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = await Promise.race([stopped, reader.read()]);
      if (read?.done === false) return controller.enqueue(read.value);
      signal.removeEventListener("abort", stop);
      controller.close();
      // What it was waiting for is not waited for.
      if (read === null) reader.cancel().catch(() => undefined);
    },
    cancel: (reason) => {
      signal.removeEventListener("abort", stop);
      return reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
