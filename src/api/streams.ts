/** The number of open event streams of each token on this instance: each costs a statement per second. */
export type Streams = {
  isFull(token: string, most: number): boolean;
  /**
   * @param signal of the request. In a Worker whose caller has left, what a stream waits for may never come, and its own end
   * with it: the abort is the last that is heard of it.
   * @returns a function to call when the stream has ended; null if there are too many.
   */
  open(token: string, most: number, signal: AbortSignal): (() => void) | null;
};

export const TOO_MANY_STREAMS = "this token has too many open event streams; close some";

/** tRPC ends a stream after this time, and its client opens another. */
export const LONGEST_STREAM_MS = 10 * 60_000;
/** If even the abort is missed, the place is freed when the stream must have ended. */
const FORGOTTEN_MS = LONGEST_STREAM_MS + 60_000;

/** @param now milliseconds that only grow */
export function createStreams(now: () => number = () => performance.now()): Streams {
  /** When each stream of a token was opened. */
  const opened = new Map<string, Set<{ at: number }>>();
  const ofToken = (token: string) => {
    const places = opened.get(token) ?? new Set();
    for (const place of places) if (now() - place.at > FORGOTTEN_MS) places.delete(place);
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
      return end;
    },
  };
}
