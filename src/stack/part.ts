import { growing } from "../contract/growing.ts";
import { systemClock } from "../relay/time/clock.ts";
import { fairNow } from "../relay/time/fairTime.ts";
import { launch } from "./launch.ts";
import type { Program } from "./launch.ts";
import type { ProcessId } from "./processes.ts";
import type { PartName, PartRecord } from "./record.ts";
import { watchPart } from "./watch.ts";
import type { WatchTime } from "./watch.ts";

/**
 * Keeps one part of the stack alive. A part lives when it answers, not when a pid exists: one that is silent for too
 * long is ended, its whole session with it, and started again like one that died.
 */
export type PartPlan = {
  name: PartName;
  /** Makes the way free before each start, once nothing of the recorded session is left. */
  prepare(): Promise<void>;
  program(): Promise<Program>;
  /** `unknown`: could not ask, which says nothing about the part. Has to come back within some seconds. */
  ask(): Promise<"alive" | "silent" | "unknown">;
  /** How long it may take to its first answer, and how long it may be silent afterwards, in seconds of a quiet host. */
  startSeconds: number;
  silentSeconds: number;
  end: { signal: NodeJS.Signals; graceSeconds: number };
};

export type Part = {
  name: PartName;
  /** The process that leads it, null while none runs. */
  pid(): number | null;
  /** Resolves at the next moment when the part is known to answer; rejects when `signal` ends the wait. */
  answering(signal: AbortSignal): Promise<void>;
  /** Ends the part for good. */
  stop(): Promise<void>;
};

export type PartHost = {
  record: PartRecord;
  logFile(part: PartName): string;
  /** Told at every change of `pid()`, and why a part is started again. */
  changed(part: PartName, event: { kind: "started" } | { kind: "lost"; why: string }): void;
};

/** A part that has answered this long has earned a quick restart. */
const STEADY_SECONDS = 30;
const FIRST_DELAY_SECONDS = 0.2;
const LONGEST_DELAY_SECONDS = 10;

/** Starts a part and keeps it until `stop`. */
export function keepPart(
  plan: PartPlan,
  host: PartHost,
  time: WatchTime = { clock: systemClock, fairNow },
): Part {
  const stopping = new AbortController();
  const waiting = new Set<() => void>();
  let current: ProcessId | null = null;
  let isAnswering = false;

  const answered = () => {
    isAnswering = true;
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const lost = (why: string) => {
    current = null;
    isAnswering = false;
    if (!stopping.signal.aborted) host.changed(plan.name, { kind: "lost", why });
  };

  async function once(): Promise<{ steady: boolean }> {
    const startedAt = time.clock.now();
    try {
      await host.record.end(plan.name, plan.end);
      await plan.prepare();
      const program = await plan.program();
      if (stopping.signal.aborted) return { steady: false };
      const { id, ended } = await launch(program, host.logFile(plan.name), (identity) =>
        host.record.set(plan.name, identity),
      );
      current = id;
      host.changed(plan.name, { kind: "started" });
      lost(await watchPart(plan, id, ended, answered, time, stopping.signal));
    } catch (error) {
      lost(error instanceof Error ? error.message : String(error));
    }
    return { steady: time.clock.now() - startedAt > STEADY_SECONDS * 1000 };
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const { steady } = await once();
      failures = steady ? 1 : failures + 1;
      const seconds = growing(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, failures - 1);
      await time.clock.pause(seconds * 1000, stopping.signal).catch(() => undefined);
    }
    await host.record.end(plan.name, plan.end);
  }

  const running = run();
  return {
    name: plan.name,
    pid: () => current?.pid ?? null,
    answering(signal) {
      if (isAnswering) return Promise.resolve();
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
