/**
 * How the client's requests travel. Invariant: every request ends by itself. A call ends within its timeout, body
 * included; an event stream is given the same time to begin, and is then kept by the server's pings (tRPC
 * reconnects when they stay away).
 */

export type Fetch = typeof globalThis.fetch;
/** `RequestInit` as libraries hand it over: a signal that is not there may be written as undefined. */
type Init = Omit<RequestInit, "signal"> & { signal?: AbortSignal | null | undefined };
type LinkFetch = (input: string | URL | Request, init?: Init) => Promise<Response>;

const RETRY_SECONDS = 1;

/**
 * A `fetch` whose requests, from the first byte sent to the last one read, take `seconds` at most.
 * @throws {DOMException} `TimeoutError` where the answer does not begin within `seconds`.
 */
export function timedFetch(fetch: Fetch, seconds: number): LinkFetch {
  return async (input, init) => {
    const timeout = AbortSignal.timeout(Math.ceil(seconds * 1000));
    try {
      return await fetch(input, { ...init, signal: either(init?.signal, timeout) });
    } catch (error) {
      if (!timeout.aborted || init?.signal?.aborted === true) throw error;
      throw new DOMException(`no response within ${seconds} s`, "TimeoutError");
    }
  };
}

/**
 * A `fetch` for event streams that carries the token, which EventSource itself cannot. EventSource gives up at any
 * status but 200 and throws the body away, so an error answer is turned into what tRPC understands (see `opened`).
 * @throws {DOMException} `TimeoutError` where the answer does not begin within `seconds`.
 */
export function eventStreamFetch(fetch: Fetch, token: string, seconds: number): LinkFetch {
  return async (input, init) => {
    const slow = new AbortController();
    const timer = setTimeout(
      () => slow.abort(new DOMException(`no response within ${seconds} s`, "TimeoutError")),
      seconds * 1000,
    );
    try {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${token}`);
      return await opened(
        await fetch(input, { ...init, headers, signal: either(init?.signal, slow.signal) }),
      );
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * The answer as a stream: an error of the API becomes one error event, which tRPC judges by its code.
 * @throws {TypeError} where a gateway says that the server is away just now, as if it had not been reached at all:
 * EventSource then tries again.
 */
async function opened(response: Response): Promise<Response> {
  if (response.ok) return withRetry(response, RETRY_SECONDS);
  const text = await response.text();
  const shape = errorShape(text);
  if (shape !== undefined) {
    const event = `event: serialized-error\ndata: ${JSON.stringify(shape)}\n\n`;
    const asked = Number(response.headers.get("retry-after") ?? RETRY_SECONDS);
    const stream = new Response(event, { headers: { "content-type": "text/event-stream" } });
    return withRetry(stream, Number.isFinite(asked) ? asked : RETRY_SECONDS);
  }
  if ([502, 503, 504].includes(response.status))
    throw new TypeError(`the gateway responded with ${response.status}`);
  return new Response(text, response);
}

/** EventSource comes back 3 s after a stream has broken, unless the stream says otherwise. */
function withRetry(response: Response, seconds: number): Response {
  const first = new TextEncoder().encode(`retry: ${Math.round(seconds * 1000)}\n\n`);
  const prefix = new TransformStream<Uint8Array, Uint8Array>({ start: (out) => out.enqueue(first) });
  return new Response(response.body?.pipeThrough(prefix) ?? null, response);
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
