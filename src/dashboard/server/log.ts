import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { server } from "./client.ts";

/** A set-up's log as far as it was read: `next` is where the following piece begins. */
export type ReadLog = { text: string; next: number; done: boolean };

/** A log is kept to this many characters on the page; its begin goes first. */
const MOST = 1_500_000;
const MOST_PIECES = 50;

/** Reads on from where it was read to before: a log grows, and nobody needs its begin twice. */
export function logQuery(client: QueryClient, id: string, tester: { username: string; pool: string }) {
  const queryKey = ["log", id];
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<ReadLog> => {
      let log: ReadLog = client.getQueryData<ReadLog>(queryKey) ?? { text: "", next: 0, done: false };
      for (let piece = 0; piece < MOST_PIECES && !log.done; piece += 1) {
        const { text, next, done } = await server.tester.log.query(
          { ...tester, after: log.next },
          { signal },
        );
        log = { text: (log.text + text).slice(-MOST), next, done };
        if (text === "") break;
      }
      return log;
    },
  });
}
