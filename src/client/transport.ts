/**
 * How the client's requests travel. Invariant: every request ends by itself. A call ends within its timeout, body
 * included; an event stream is given the same time to begin, and is then kept by the server's pings (tRPC
 * reconnects when they stay away).
 */

export type Fetch = typeof globalThis.fetch;
/** `RequestInit` as libraries hand it over: a signal that is not there may be written as undefined. */
type Init = Omit<RequestInit, "signal"> & { signal?: AbortSignal | null | undefined };
type LinkFetch = (input: string | URL | Request, init?: Init) => Promise<Response>;

/** A `fetch` whose requests, from the first byte sent to the last one read, take `seconds` at most. */
export function timedFetch(fetch: Fetch, seconds: number): LinkFetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(seconds * 1000);
    return fetch(input, { ...init, signal: either(init?.signal, timeout) });
  };
}

/**
 * A `fetch` for event streams that carries the token, which EventSource itself cannot, and turns an error answer
 * into a stream of one error event: EventSource would keep the status and throw the body away, and with it the code.
 * @throws {DOMException} `TimeoutError` where the answer does not begin within `seconds`.
 */
export function eventStreamFetch(fetch: Fetch, token: string, seconds: number): LinkFetch {
  return async (input, init) => {
    const slow = new AbortController();
    const timer = setTimeout(
      () => slow.abort(new DOMException(`no answer within ${seconds} s`, "TimeoutError")),
      seconds * 1000,
    );
    try {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${token}`);
      const response = await fetch(input, { ...init, headers, signal: either(init?.signal, slow.signal) });
      return response.ok ? response : await asErrorEvent(response);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Where the body is no tRPC error, the answer is handed on as it is and EventSource reports its status. */
async function asErrorEvent(response: Response): Promise<Response> {
  const text = await response.text();
  const shape = errorShape(text);
  if (shape === undefined) return new Response(text, response);
  const retrySeconds = Number(response.headers.get("retry-after") ?? 1);
  const retry = Number.isFinite(retrySeconds) ? `retry: ${retrySeconds * 1000}\n` : "";
  return new Response(`${retry}event: serialized-error\ndata: ${JSON.stringify(shape)}\n\n`, {
    headers: { "content-type": "text/event-stream" },
  });
}

function errorShape(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  } catch {
    return undefined;
  }
}

function either(one: AbortSignal | null | undefined, other: AbortSignal): AbortSignal {
  return one ? AbortSignal.any([one, other]) : other;
}
