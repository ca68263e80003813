import type { Assignment } from "../../contract/assignment.ts";
import { ASSIGNMENT_ERRORS } from "../../contract/assignmentErrors.ts";
import { own } from "../../contract/own.ts";
import type { Output } from "../terminal/output.ts";
import { fields } from "../terminal/table.ts";
import type { Field } from "../terminal/table.ts";
import { clean, trimDot, wrap } from "../terminal/text.ts";
import { ago, ahead, duration } from "../terminal/time.ts";

/** An assignment in words, for `assign` and `tester`. Pure. */

type Layout = Pick<Output, "columns" | "colors">;

/** The assignment's outputs, `url` first, the others by name. */
export function sortedOutputs(outputs: Record<string, string>): [string, string][] {
  return Object.entries(outputs).toSorted(([one], [other]) =>
    one === "url" ? -1 : other === "url" ? 1 : one < other ? -1 : 1,
  );
}

/** The plain ssh command for the machine; null while there is none, or none any more. */
export function sshCommand({ machine, state }: Assignment): string | null {
  if (machine === null || state === "released") return null;
  const port = machine.port === 22 ? "" : `-p ${machine.port} `;
  return `ssh ${port}${machine.user}@${machine.host}`;
}

/** One sentence: where the assignment is. */
export function headline(assignment: Assignment, now: number): string {
  const { username, pool, state, machine, error, queue, setup } = assignment;
  switch (state) {
    case "waiting":
      return `${username} waits for a machine of pool ${pool}${queue === null ? "" : `, ${queueText(queue)}`}.`;
    case "setting_up":
      return `${machine?.name ?? "A machine"} is being set up for ${username}${setup === null ? "" : `, step ${setup.step} of ${setup.steps}: ${setup.title}`}.`;
    case "active":
      return `${username} has ${machine?.name ?? "a machine"}, set up ${ago(assignment.activeAt, now)}.`;
    case "failed":
      return `Set-up for ${username} failed${error?.step === undefined ? "" : ` in step ${error.step}`}: ${error?.message ?? "no cause reported"}`;
    case "released":
      return `${username} was released ${ago(assignment.releasedAt, now)}.`;
  }
}

/** `place 3 in the queue, about 2m (1m to 4m)`. */
export function queueText({ position, etaSeconds, etaRange }: NonNullable<Assignment["queue"]>): string {
  const place = `place ${position} in the queue`;
  if (etaSeconds === null) return place;
  const range = etaRange === null ? "" : ` (${duration(etaRange[0])} to ${duration(etaRange[1])})`;
  return `${place}, about ${duration(etaSeconds)}${range}`;
}

/**
 * The whole view: the headline, how to log in (`logIn` is the command line for it), the outputs, and what there is to know about it.
 * @param hindrance why its pool has no machine for it, if it waits
 */
export function assignmentLines(
  assignment: Assignment,
  logIn: string,
  layout: Layout,
  now: number,
  hindrance: string | null = null,
): string[] {
  const { colors, columns } = layout;
  const color = {
    waiting: colors.yellow,
    setting_up: colors.yellow,
    active: colors.green,
    failed: colors.red,
  };
  const paint = assignment.state === "released" ? colors.dim : color[assignment.state];
  const about = fields([["waits because", hindrance], ...aboutPairs(assignment, logIn, now)], columns);
  const outputs = fields(
    sortedOutputs(assignment.outputs).map(([name, value]): Field => [name, value, "whole"]),
    columns,
  );
  return [
    ...wrap(clean(headline(assignment, now)), columns).map((line) => paint(line)),
    ...section(about),
    ...section(outputs),
  ];
}

function aboutPairs(assignment: Assignment, logIn: string, now: number): Field[] {
  const { machine, pool, state, swaps, externalId, error } = assignment;
  const command = sshCommand(assignment);
  const key = machine?.hostKey;
  return [
    ["log in", command === null ? null : logIn, "whole"],
    ["or plainly", command, "whole"],
    ["host key", command === null || key === undefined ? null : `${key.type} ${key.fingerprint}`],
    ["pool", pool],
    ["machine", machine === null ? null : machine.name],
    ["requested", ago(assignment.createdAt, now)],
    endField(assignment, now),
    ["swaps", swaps === 0 ? null : `${swaps}: machines that could not be used were replaced`],
    ["external id", externalId],
    ["error", error === null ? null : errorText(error, state)],
  ];
}

/** The code, for docs/codes.md, with what it means: the headline of a failed one has the message. */
function errorText({ code, message }: NonNullable<Assignment["error"]>, state: Assignment["state"]): string {
  const words = state === "failed" ? own<string>(ASSIGNMENT_ERRORS, code) : message;
  return words === undefined ? code : `${trimDot(words)} (${code})`;
}

/** When it ends by itself: an active one is released then, and so is a failed one, whose machine is kept until then. */
function endField({ state, expiresAt }: Assignment, now: number): Field {
  if (expiresAt === null || (state !== "active" && state !== "failed")) return ["expires", null];
  const at = `${expiresAt.slice(0, 16).replace("T", " ")} UTC`;
  const when = ahead(expiresAt, now);
  return state === "failed"
    ? ["held until", `${at} (${when}), for inspection`]
    : ["expires", `${when} (${at})`];
}

function section(lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}
