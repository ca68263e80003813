import type { MachineState, ProbeAnswer } from "../contract/machine.ts";

/** What a probe heard from one machine, and what was known of it. */
export type Heard = {
  answer: ProbeAnswer;
  cause: string | null;
  /** Whether a complete listing, part of the same probe, showed it; null where there was no such listing. */
  listed: boolean | null;
};

export type Known = { state: MachineState; strikes: number; failureThreshold: number };

export type Verdict =
  | { move: null; strikes: number }
  | {
      move: "ready" | "suspect" | "deleting" | "held";
      reason: "probe_alive" | "probe_dead" | "vanished" | "strikes" | "host_key_changed";
      strikes: number;
    };

/**
 * What a probe's answer does to a machine. Three answers: only `dead` counts against it, `unknown` counts for nothing.
 * Absence from a complete listing outranks whatever answers at its address. One dead answer makes a ready machine a
 * suspect; `failureThreshold` in a row take it down. Assigned and held machines are shown and left alone.
 */
export function judge(known: Known, heard: Heard): Verdict {
  const gone = heard.listed === false;
  const answer = gone ? "dead" : heard.answer;
  if (answer === "unknown") return { move: null, strikes: known.strikes };
  if (answer === "alive") {
    return known.state === "suspect"
      ? { move: "ready", reason: "probe_alive", strikes: 0 }
      : { move: null, strikes: 0 };
  }
  const strikes = known.strikes + 1;
  if (known.state !== "ready" && known.state !== "suspect") return { move: null, strikes };
  if (!gone && heard.cause?.startsWith("host key changed") === true) {
    return { move: "held", reason: "host_key_changed", strikes };
  }
  if (strikes >= known.failureThreshold) {
    return { move: "deleting", reason: gone ? "vanished" : "strikes", strikes };
  }
  return known.state === "ready"
    ? { move: "suspect", reason: gone ? "vanished" : "probe_dead", strikes }
    : { move: null, strikes };
}
