/** A terminal sends Ctrl-C to npm and to us, and npm hands it on: what comes within a second is one signal. */
const SAME_SIGNAL_MS = 1000;

/**
 * Aborted at the first SIGINT, SIGTERM or SIGHUP. A second one calls `atOnce`, which must not wait for anything.
 */
export function stopSignal(atOnce: () => void): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | null = null;
  const received = (name: string) => {
    const now = performance.now();
    firstAt ??= now;
    if (!controller.signal.aborted) controller.abort(new Error(`stopped by ${name}`));
    else if (now - firstAt > SAME_SIGNAL_MS) atOnce();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, received);
  return controller.signal;
}
