import type { Assignment } from "../../contract/assignment.ts";
import type { AssignmentErrorCode } from "../../contract/assignmentErrors.ts";
import { queueText } from "./assignmentView.ts";
import { clean, fit, width } from "../terminal/text.ts";
import { duration, stopwatch } from "../terminal/time.ts";

/** What `assign --wait` shows while it waits. Pure; progressView.ts puts it on the screen. */

export type Moment = {
  assignment: Assignment;
  /** Since the command began. */
  elapsedSeconds: number;
  /** What does not respond now: the connection, Warmpool or its database. */
  outage: string | null;
  /** Why the pool has no machine for a tester who waits. */
  hindrance: string | null;
  /** Whether an outage has just ended: no relay could be heard during it, which is no fault of its node. */
  isRecovering: boolean;
};

const BAR = 16;

/** The line that a terminal redraws: `step 2 of 4  ████░░░░  Install packages  0:32, about 1m left`. */
export function liveLine(moment: Moment, columns: number): string {
  const { assignment, elapsedSeconds, outage } = moment;
  const clock = stopwatch(elapsedSeconds);
  const lost = outage === null ? "" : `, ${outage}, retrying`;
  const { state, queue, setup } = assignment;
  if (state === "waiting") {
    return fit(`waiting  ${queue === null ? "for a machine" : queueText(queue)}  ${clock}${lost}`, columns);
  }
  if (state !== "setting_up" || setup === null) return fit(`${words(state)}  ${clock}${lost}`, columns);
  const left = setup.etaSeconds === null ? "" : `, about ${duration(setup.etaSeconds)} left`;
  const head = `step ${setup.step} of ${setup.steps}  ${bar(setup)}  `;
  const tail = `  ${clock}${left}${lost}`;
  const title = fit(
    clean(delayOf(moment) ?? stepText(setup)),
    Math.max(0, columns - width(head) - width(tail)),
  );
  return fit(head + title + tail, columns);
}

/** The line for a file or a pipe, or null where nothing happened that is worth a line of its own. */
export function plainLine(now: Moment, before: Moment | null): string | null {
  const text = plainText(now);
  return before !== null && plainText(before) === text
    ? null
    : `${stopwatch(now.elapsedSeconds)}  ${clean(text)}`;
}

/** A line that stays on a terminal, above the one that is redrawn; null unless there is a new reason to wait. */
export function reasonLine(now: Moment, before: Moment | null): string | null {
  const reason = reasonOf(now);
  return reason === null || (before !== null && reasonOf(before) === reason)
    ? null
    : `${stopwatch(now.elapsedSeconds)}  waiting: ${clean(reason)}`;
}

function reasonOf({ assignment, hindrance, isRecovering }: Moment): string | null {
  return assignment.state === "waiting" && !isRecovering ? hindrance : null;
}

/** Why a set-up does not continue. */
function delayOf({ assignment: { error }, isRecovering }: Moment): string | null {
  if (error === null) return null;
  return isRecovering && UNHEARD.has(error.code)
    ? "waiting for the relay, which could not report during the outage"
    : error.message;
}

const UNHEARD = new Set<string>(["node_silent", "node_quiet", "node_busy"] satisfies AssignmentErrorCode[]);

function plainText(moment: Moment): string {
  const { assignment, outage } = moment;
  if (outage !== null) return `${outage}, retrying`;
  const { state, machine, queue, setup, swaps } = assignment;
  if (state === "waiting") {
    const reason = reasonOf(moment);
    const place = queue === null ? "waiting for a machine" : `waiting, place ${queue.position} in the queue`;
    return reason === null ? place : `${place}: ${reason}`;
  }
  if (state !== "setting_up") return words(state);
  const where = `${machine?.name ?? "a machine"}${swaps === 0 ? "" : ` (after ${swaps} that could not be used)`}`;
  if (setup === null) return `setting up ${where}`;
  return `setting up ${where}, step ${setup.step} of ${setup.steps}: ${delayOf(moment) ?? stepText(setup)}`;
}

/** What is being done, and what the step itself says of it. */
function stepText({ title, text }: NonNullable<Assignment["setup"]>): string {
  return text === undefined ? title : `${title}: ${text}`;
}

/** How far the whole set-up is: the steps done and the part of the present one. */
function bar({ step, steps, percent }: NonNullable<Assignment["setup"]>): string {
  const done = Math.min(1, Math.max(0, (step - 1 + percent / 100) / steps));
  const full = Math.floor(done * BAR);
  return "█".repeat(full) + "░".repeat(BAR - full);
}

function words(state: Assignment["state"]): string {
  return state === "setting_up" ? "setting up" : state;
}
