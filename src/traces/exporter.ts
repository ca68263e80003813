import { growing } from "../contract/growing.ts";
import type { Ended } from "./span.ts";

/**
 * Sends spans to a collector, beside the work and never in its way: what does not fit into the queue is dropped and
 * counted, and so is what the collector does not take. Nothing here throws.
 */
export type Exporter = {
  add: (span: Ended) => void;
  /** Sends what is left, for so long at most. What it is given afterwards is dropped. */
  close: (graceMs: number) => Promise<void>;
};

export type ExporterOptions = {
  url: string;
  headers: Readonly<Record<string, string>>;
  encode: (spans: readonly Ended[]) => string;
  /** Spans were lost: how many since the start, and why the last ones. */
  onDropped: (count: number, why: string) => void;
  times?: Partial<typeof TIMES>;
};

/** In milliseconds. */
const TIMES = {
  /** From a span's end until it is sent, with those that end in between. */
  gather: 1000,
  /** For an answer of the collector. */
  timeout: 10_000,
  firstRetry: 1000,
  longestRetry: 30_000,
  /** Between two reports of dropped spans. */
  report: 60_000,
};
/** Some two megabytes. */
const MOST_QUEUED = 2048;
const MOST_SENT = 512;
/** Then the collector is considered away, and a batch is dropped for the newer ones. */
const MOST_TRIES = 6;
const QUEUE_FULL = "the queue is full";

/** The answers after which the specification wants the same request again. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function exporter({ url, headers, encode, onDropped, times = {} }: ExporterOptions): Exporter {
  const ms = { ...TIMES, ...times };
  const queue: Ended[] = [];
  const closing = new AbortController();
  const cut = new AbortController();
  let sending: Promise<void> | null = null;
  let dropped = 0;
  let reported = { count: 0, at: -Infinity };

  const drop = (count: number, why: string): void => {
    dropped += count;
    if (performance.now() - reported.at >= ms.report) report(why);
  };
  const report = (why: string): void => {
    if (dropped === reported.count) return;
    reported = { count: dropped, at: performance.now() };
    onDropped(dropped, why);
  };

  const start = (): void => {
    sending ??= sendAll().finally(() => {
      sending = null;
      if (queue.length > 0 && !closing.signal.aborted) start();
    });
  };

  /** Until the queue is empty. */
  const sendAll = async (): Promise<void> => {
    await rest(ms.gather, closing.signal);
    for (let failures = 0; queue.length > 0 && !cut.signal.aborted;) {
      const batch = queue.slice(0, MOST_SENT);
      const answer = await post(url, headers, encode(batch), ms.timeout, cut.signal);
      if (answer.again && !closing.signal.aborted && failures + 1 < MOST_TRIES) {
        failures += 1;
        const wait = growing(ms.firstRetry, ms.longestRetry, failures - 1);
        await rest(Math.max(wait, Math.min(answer.waitMs, ms.longestRetry)), closing.signal);
        continue;
      }
      queue.splice(0, batch.length);
      failures = 0;
      if (answer.problem !== null) drop(batch.length, answer.problem);
    }
  };

  return {
    add(span) {
      if (closing.signal.aborted) return drop(1, "the process is ending");
      if (queue.length >= MOST_QUEUED) return drop(1, QUEUE_FULL);
      queue.push(span);
      start();
    },
    async close(graceMs) {
      closing.abort();
      const end = setTimeout(() => cut.abort(), graceMs);
      await sending;
      clearTimeout(end);
      const left = queue.splice(0).length;
      if (left > 0) drop(left, "the process has ended");
      report("the last ones at its end");
    },
  };
}

/** `problem` is null if the collector has the spans; `again` if the same request may succeed later. */
type Answer = { problem: string | null; again: boolean; waitMs: number };

async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
  cut: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { ...headers, "content-type": "application/json", "user-agent": "Warmpool" },
      // The headers may be secrets, which are nobody else's.
      redirect: "manual",
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), cut]),
    });
    await response.body?.cancel();
    const seconds = Number(response.headers.get("retry-after") ?? 0);
    return {
      problem: response.ok ? null : `the collector responded with ${response.status}`,
      again: RETRYABLE.has(response.status),
      waitMs: Number.isFinite(seconds) ? seconds * 1000 : 0,
    };
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const what = isLate ? `did not respond within ${timeoutMs / 1000} s` : "could not be reached";
    return { problem: `the collector ${what}`, again: true, waitMs: 0 };
  }
}

/** Waits, but not for a process that wants to end. */
function rest(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      over.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    over.addEventListener("abort", end, { once: true });
  });
}
