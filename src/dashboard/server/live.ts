import type { QueryClient } from "@tanstack/react-query";
import type { EventHint, EventNews } from "../../contract/event.ts";
import { codeOf, server } from "./client.ts";
import { refreshMachines } from "./machines.ts";
import { readSession } from "./session.ts";
import { staleBy } from "./topics.ts";

/**
 * The one event stream. What it says makes queries out of date; nothing else asks again. `live` while news arrive,
 * `lost` once none came for a while: everything on the page is then as old as `at`.
 */
export type Live = { state: "connecting" | "live" | "lost"; at: number | null };

/** The server speaks every few seconds; who is silent for so long is taken for gone. */
const SILENT_MS = 15_000;
const AGAIN_MS = 2000;
/** Hints are acted on together, and no more often than this. */
const GATHER_MS = 700;

let live: Live = { state: "connecting", at: null };
const listeners = new Set<() => void>();

export function readLive(): Live {
  return live;
}

export function onLive(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: Live): void {
  live = next;
  for (const listener of listeners) listener();
}

/**
 * Follows the server until the returned function is called. `signedOut` is called once if the session has ended.
 */
export function follow(client: QueryClient, signedOut: () => void): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let hints: EventHint[] = [];
  let subscription: { unsubscribe: () => void } | undefined;

  const apply = () => {
    gathering = undefined;
    const stale = staleBy(hints);
    hints = [];
    void client.invalidateQueries({ predicate: ({ queryKey }) => stale.topics.has(String(queryKey[0])) });
    void refreshMachines(client, stale);
  };
  const gather = (more: readonly EventHint[]) => {
    hints.push(...more);
    if (hints.length > 0) gathering ??= setTimeout(apply, GATHER_MS);
  };
  const hear = ({ reset, hints: more }: EventNews, isFirst: boolean) => {
    // What was asked while the server was away has failed.
    const wasLost = live.state === "lost";
    set({ state: "live", at: Date.now() });
    watchdog();
    if (reset || isFirst || wasLost) void client.invalidateQueries();
    else gather(more);
  };
  const lose = () => {
    set({ state: "lost", at: live.at });
    subscription?.unsubscribe();
    subscription = undefined;
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(begin, AGAIN_MS);
  };
  /** A browser does not say why a stream was refused, so the session is asked about. */
  const judge = async (code: string | null) => {
    if (code !== null && code !== "UNAUTHORIZED") return;
    try {
      if (code === "UNAUTHORIZED" || (await readSession()) === null) signedOut();
    } catch {
      // The server is away: it is asked again with the next try.
    }
  };
  const watchdog = () => {
    clearTimeout(timer);
    timer = setTimeout(lose, SILENT_MS);
  };
  const begin = () => {
    // What was shown before the stream began may be older than the stream knows.
    let isFirst = true;
    subscription = server.event.watch.subscribe(
      {},
      {
        onData: ({ data }) => {
          hear(data, isFirst);
          isFirst = false;
        },
        onError: (error) => {
          lose();
          void judge(codeOf(error));
        },
        onConnectionStateChange: ({ state, error }) => {
          // Without an error the server has ended the stream after its time, and the next one begins at once.
          const isBroken = state === "connecting" && error !== null;
          if (isBroken && live.state === "live") set({ state: "lost", at: live.at });
        },
        onComplete: lose,
      },
    );
    watchdog();
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(gathering);
    subscription?.unsubscribe();
  };
}
