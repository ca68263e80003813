import { useSyncExternalStore } from "react";

/** One clock for all that shows how long ago something was. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** What `write` makes of the present moment; drawn anew only when that has changed. */
export function useClock(write: (now: number) => string): string {
  return useSyncExternalStore(subscribe, () => write(Date.now()));
}
