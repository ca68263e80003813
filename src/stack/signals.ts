import { type Clock, systemClock } from "../relay/time/clock.ts";

/** A terminal sends Ctrl-C to npm and to us, and npm hands it on: what comes within a second is one signal. */
const SAME_SIGNAL_MS = 1000;

/**
 * Aborted at the first SIGINT, SIGTERM or SIGHUP. A second one calls `atOnce`, which must not wait for anything.
 */
export function stopSignal(
  atOnce: () => void,
  clock: Pick<Clock, "now"> = systemClock,
  source: Pick<NodeJS.Process, "on"> = process,
): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | null = null;
  const received = (name: string) => {
    const now = clock.now();
    firstAt ??= now;
    if (!controller.signal.aborted) controller.abort(new Error(`stopped by ${name}`));
    else if (now - firstAt > SAME_SIGNAL_MS) atOnce();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) source.on(name, received);
  return controller.signal;
}
