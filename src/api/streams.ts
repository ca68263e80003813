/** How many event streams each token has open on this instance: each is a statement a second. */
export type Streams = {
  isFull(token: string, most: number): boolean;
  /** @returns what to call once when the stream has ended; null where there are too many. */
  open(token: string, most: number): (() => void) | null;
};

export const TOO_MANY_STREAMS = "this token has too many event streams open; close some";

export function createStreams(): Streams {
  const counts = new Map<string, number>();
  const isFull = (token: string, most: number) => (counts.get(token) ?? 0) >= most;
  return {
    isFull,
    open(token, most) {
      if (isFull(token, most)) return null;
      counts.set(token, (counts.get(token) ?? 0) + 1);
      return () => {
        const left = (counts.get(token) ?? 0) - 1;
        if (left > 0) counts.set(token, left);
        else counts.delete(token);
      };
    },
  };
}
