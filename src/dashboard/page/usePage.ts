import { useCallback, useEffect, useMemo, useState } from "react";
import { createClient, errorCode, type WarmpoolClient } from "../../client/index.ts";
import type { PageView } from "../../contract/page.ts";
import { tokenOf } from "../text/testerPage.ts";

/**
 * One assignment as its tester's link shows it, live. `gone`: the link does not work, or not any more. `behind`: the server
 * does not answer, so what is shown is as old as it is.
 */
export type Shown = {
  view: PageView | null;
  gone: boolean;
  behind: boolean;
  /** Runs a change and shows what came of it. @returns why it was refused, or null. */
  change: (what: (client: WarmpoolClient) => Promise<PageView>) => Promise<string | null>;
};

const AGAIN_MS = 3000;

export function usePage(code: string): Shown {
  const client = useMemo(() => createClient({ url: location.origin, token: tokenOf(code) }), [code]);
  const [view, setView] = useState<PageView | null>(null);
  const [gone, setGone] = useState(false);
  const [behind, setBehind] = useState(false);
  useEffect(() => watch(client, setView, setBehind, () => setGone(true)), [client]);
  const change: Shown["change"] = useCallback(
    async (what) => {
      try {
        setView(await what(client));
        return null;
      } catch (error) {
        if (errorCode(error) === "UNAUTHORIZED") setGone(true);
        return errorCode(error) === null || !(error instanceof Error)
          ? "The server does not respond. Try again in a moment."
          : error.message;
      }
    },
    [client],
  );
  return { view, gone, behind, change };
}

/** Follows the assignment until it is released, across every loss of the connection. */
function watch(
  client: WarmpoolClient,
  show: (view: PageView) => void,
  setBehind: (behind: boolean) => void,
  end: () => void,
): () => void {
  let stopped = false;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let subscription: { unsubscribe: () => void } | undefined;
  const again = () => {
    subscription?.unsubscribe();
    if (stopped || isOver) return;
    setBehind(true);
    timer = setTimeout(begin, AGAIN_MS);
  };
  const begin = () => {
    subscription = client.page.watch.subscribe(
      {},
      {
        onData: ({ data }) => {
          isOver = data.state === "released";
          setBehind(false);
          show(data);
        },
        onError: (error) => {
          if (["UNAUTHORIZED", "NOT_FOUND", "FORBIDDEN"].includes(errorCode(error) ?? "")) {
            isOver = true;
            end();
          }
          again();
        },
        onConnectionStateChange: ({ state, error }) => {
          if (state === "connecting" && error !== null) setBehind(true);
          if (state === "pending") setBehind(false);
        },
        onComplete: again,
      },
    );
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(timer);
    subscription?.unsubscribe();
  };
}
