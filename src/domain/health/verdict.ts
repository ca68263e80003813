import type { MachineState, ProbeAnswer } from "../../contract/machine.ts";

/** What a probe heard from one machine, and what was known of it. */
export type Heard = {
  answer: ProbeAnswer;
  cause: string | null;
  /** Whether a listing that proves absence, in the same probe, showed it; null if there was none. */
  listed: boolean | null;
  /** What its node is sure of: that it is stopped, or not there. */
  down?: "stopped" | "absent";
  /** Whether it presented a host key that is not the pinned one and belongs to no known machine. */
  strangeKey: boolean;
  /** Whether an assignment was set up on it, though nobody has it in the database. */
  taken: boolean;
};

export type Known = {
  state: MachineState;
  strikes: number;
  failureThreshold: number;
  /** Whether a dead answer counts: not of a second look between two sweeps, and not while the node is braked. */
  counts: boolean;
  /** Whether it may be torn down for not answering: not of a paused pool, and not while the node is braked. */
  mayTearDown: boolean;
  /** Whether its node has just come back and claims start again with this probe. */
  nodeReturns: boolean;
};

export type Verdict =
  | { move: null; strikes: number }
  | {
      move: "ready" | "suspect" | "deleting" | "held";
      reason:
        | "probe_alive"
        | "probe_dead"
        | "vanished"
        | "strikes"
        | "host_key_changed"
        | "taken"
        | "unproven";
      strikes: number;
    };

/**
 * What a probe's answer does to a machine. Three answers: only `dead` counts against it, `unknown` counts for nothing.
 * Absence from a complete listing outranks whatever answers at its address. One dead answer makes a ready machine a
 * suspect; `failureThreshold` in a row, each of another sweep, take it down. Assigned and held machines are shown and
 * left alone.
 */
export function judge(known: Known, heard: Heard): Verdict {
  const gone = heard.listed === false;
  const answer = gone ? "dead" : heard.answer;
  const stays: Verdict = { move: null, strikes: known.strikes };
  const isFree = known.state === "ready" || known.state === "suspect";
  if (answer === "alive") return isFree && heard.taken ? TAKEN : judgeAlive(known);
  if (!isFree) return stays;
  if (answer === "unknown") {
    // Ready means proven since the node came back; what could not be asked is not.
    return known.nodeReturns && known.state === "ready"
      ? { move: "suspect", reason: "unproven", strikes: known.strikes }
      : stays;
  }
  if (!gone && heard.strangeKey) {
    return { move: "held", reason: "host_key_changed", strikes: known.strikes };
  }
  const strikes = known.counts ? Math.min(known.failureThreshold, known.strikes + 1) : known.strikes;
  if (known.counts && known.mayTearDown && strikes >= known.failureThreshold) {
    return { move: "deleting", reason: gone ? "vanished" : "strikes", strikes };
  }
  return known.state === "ready"
    ? { move: "suspect", reason: gone ? "vanished" : "probe_dead", strikes }
    : { move: null, strikes };
}

/** Of one that answers, and that nobody has in the database. */
const TAKEN: Verdict = { move: "held", reason: "taken", strikes: 0 };

function judgeAlive({ state }: Known): Verdict {
  return state === "suspect"
    ? { move: "ready", reason: "probe_alive", strikes: 0 }
    : { move: null, strikes: 0 };
}
