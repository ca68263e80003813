import type { Clock } from "../relay/time/clock.ts";
import type { PartPlan } from "./part.ts";
import { isRunning, readProcess } from "./processes.ts";
import type { ProcessId } from "./processes.ts";

/** What a part is watched by. */
export type WatchTime = {
  clock: Clock;
  /** Milliseconds in which a part could have answered (src/relay/time/fairTime.ts). */
  fairNow: () => number;
};

const ASK_EVERY_MS = { starting: 100, answering: 1000 };

/**
 * Watches a started part until it is lost, and says why it is; ends early when `signal` does. Silence counts only while
 * the host gave this process and the part the time to ask and to answer: a starved part is not a dead one.
 */
export async function watchPart(
  plan: Pick<PartPlan, "ask" | "startSeconds" | "silentSeconds">,
  id: ProcessId,
  ended: Promise<string>,
  answered: () => void,
  { clock, fairNow }: WatchTime,
  signal: AbortSignal,
): Promise<string> {
  let phase: keyof typeof ASK_EVERY_MS = "starting";
  let heardAt = fairNow();
  const tick = () => clock.pause(ASK_EVERY_MS[phase], signal).catch(() => undefined);
  while (!signal.aborted) {
    const answer = await Promise.race([askOne(plan, id), ended.then(() => "ended" as const)]);
    if (answer === "ended" || !isRunning(id)) return await ended;
    if (answer === "alive") {
      phase = "answering";
      answered();
    }
    const now = fairNow();
    if (answer !== "silent") heardAt = now;
    const silentSeconds = (now - heardAt) / 1000;
    if (silentSeconds > (phase === "starting" ? plan.startSeconds : plan.silentSeconds)) {
      return `has not responded for ${Math.round(silentSeconds)} s`;
    }
    await Promise.race([tick(), ended]);
  }
  return "is being stopped";
}

/** A leader that is stopped does nothing, even where other processes of its session still answer. */
async function askOne(plan: Pick<PartPlan, "ask">, id: ProcessId): ReturnType<PartPlan["ask"]> {
  return readProcess(id.pid)?.state === "T" ? "silent" : plan.ask();
}
