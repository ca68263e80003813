/** The place of one event stream among those of its token. */
export type Place = {
  /** Says that the stream is still served; call it with each look for news. */
  beat(): void;
  /** Frees the place; call it when the stream has ended. */
  end(): void;
};

/** The number of open event streams of each token on this instance: each costs a statement per second. */
export type Streams = {
  isFull(token: string, most: number): boolean;
  /**
   * @param signal of the request: its abort frees the place
   * @returns null if there are too many
   */
  open(token: string, most: number, signal: AbortSignal): Place | null;
};

export const TOO_MANY_STREAMS = "this token has too many event streams open; close some";

/** tRPC ends a stream after this time, and its client opens another. */
export const LONGEST_STREAM_MS = 10 * 60_000;
/**
 * In a Worker whose caller has left, what a stream waits for may never come, nor its own end, and on a busy host not even
 * the abort of its request. Several times as long as the longest rest between two looks (page.ts).
 */
export const SILENT_MS = 60_000;

/** @param now milliseconds that only grow */
export function createStreams(now: () => number = () => performance.now()): Streams {
  /** When each stream of a token was last heard of. */
  const opened = new Map<string, Set<{ at: number }>>();
  const ofToken = (token: string) => {
    const places = opened.get(token) ?? new Set();
    for (const place of places) if (now() - place.at > SILENT_MS) places.delete(place);
    return places;
  };
  const isFull = (token: string, most: number) => ofToken(token).size >= most;
  return {
    isFull,
    open(token, most, signal) {
      const places = ofToken(token);
      if (places.size >= most) return null;
      const place = { at: now() };
      places.add(place);
      opened.set(token, places);
      const end = (): void => {
        signal.removeEventListener("abort", end);
        places.delete(place);
        if (places.size === 0 && opened.get(token) === places) opened.delete(token);
      };
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
      return { beat: () => (place.at = now()), end };
    },
  };
}
