import type { Assignment } from "../../contract/assignment.ts";
import { queueText } from "./assignmentView.ts";
import { clean, fit, width } from "../terminal/text.ts";
import { duration, stopwatch } from "../terminal/time.ts";

/** What `assign --wait` shows while it waits. Pure; progressView.ts puts it on the screen. */

export type Moment = {
  assignment: Assignment;
  /** Since the command began. */
  elapsedSeconds: number;
  connection: "connected" | "lost";
};

const BAR = 16;

/** The line that a terminal redraws: `step 2 of 4  ████░░░░  Install packages  0:32, about 1m left`. */
export function liveLine({ assignment, elapsedSeconds, connection }: Moment, columns: number): string {
  const clock = stopwatch(elapsedSeconds);
  const lost = connection === "lost" ? ", connection lost, retrying" : "";
  const { state, queue, setup, error } = assignment;
  if (state === "waiting") {
    return fit(`waiting  ${queue === null ? "for a machine" : queueText(queue)}  ${clock}${lost}`, columns);
  }
  if (state !== "setting_up" || setup === null) return fit(`${words(state)}  ${clock}${lost}`, columns);
  const left = setup.etaSeconds === null ? "" : `, about ${duration(setup.etaSeconds)} left`;
  const head = `step ${setup.step} of ${setup.steps}  ${bar(setup)}  `;
  const tail = `  ${clock}${left}${lost}`;
  const title = fit(
    clean(error?.message ?? stepText(setup)),
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

function plainText({ assignment, connection }: Moment): string {
  if (connection === "lost") return "connection lost, retrying";
  const { state, machine, queue, setup, swaps, error } = assignment;
  if (state === "waiting") {
    return queue === null ? "waiting for a machine" : `waiting, place ${queue.position} in the queue`;
  }
  if (state !== "setting_up") return words(state);
  const where = `${machine?.name ?? "a machine"}${swaps === 0 ? "" : ` (after ${swaps} that could not be used)`}`;
  if (setup === null) return `setting up ${where}`;
  return `setting up ${where}, step ${setup.step} of ${setup.steps}: ${error?.message ?? stepText(setup)}`;
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
