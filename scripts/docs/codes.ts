import { ASSIGNMENT_ERRORS, type AssignmentErrorCode } from "../../src/contract/assignmentErrors.ts";
import { ERROR_CODES, type ErrorCode } from "../../src/contract/errors.ts";
import { EVENT_KINDS } from "../../src/contract/event.ts";
import { keysOf } from "../../src/contract/keysOf.ts";
import { OPERATION_KINDS } from "../../src/contract/operation.ts";
import { HTTP_STATUS } from "../../src/domain/core/errors.ts";
import { type Reason, REASONS } from "../../src/domain/core/reasons.ts";

/** What each code means and what its caller can do: a new code without its words does not compile. */
const ERRORS: Record<ErrorCode, { meaning: string; action: string }> = {
  BAD_REQUEST: {
    meaning: "The input is not what the call takes, or says too little (which of several pools).",
    action: "The message names the field. Do not send it again as it is.",
  },
  UNAUTHORIZED: {
    meaning: "No token, or one that is unknown, expired or revoked. The response does not say which.",
    action: "`warmpool token list`; make another.",
  },
  FORBIDDEN: {
    meaning: "A token of this role may not call this.",
    action: "docs/procedures.md says which may.",
  },
  NOT_FOUND: {
    meaning: "There is no such thing, or the tester never had a machine.",
    action: "List what there is.",
  },
  CONFLICT: {
    meaning:
      "It conflicts with the current state: other params than those of the assignment, or a machine that a tester has.",
    action: "The message says what is in the way; end that first.",
  },
  NO_CAPACITY: {
    meaning: "`wait: false`, and no machine is ready.",
    action: "Ask later, or let the assignment wait. Often: a larger `targetSize`.",
  },
  POOL_PAUSED: {
    meaning: "The pool is paused and has nothing ready.",
    action: "`warmpool pool resume POOL`, or ask later.",
  },
  LEASE_LOST: {
    meaning: "For relays: another session or relay has the operation now; the result was not stored.",
    action: "Drop the operation. If it happens again and again, two relays run with one credential.",
  },
  RATE_LIMITED: {
    meaning: "Too many requests with this token.",
    action: "Wait for as long as Retry-After says.",
  },
  UNAVAILABLE: {
    meaning: "The database does not answer, has no connection left, or is not migrated.",
    action:
      "Try again after Retry-After. If it lasts, look at `/healthz`, then at the database; run `npm run migrate` if it says so.",
  },
  INTERNAL: {
    meaning: "A fault of Warmpool itself. The caller gets a request id and nothing else.",
    action: "Find the id in the edge's log, and report what the log says.",
  },
};

/** What to do about it. A reason that is not here asks for nothing: it is how things go, or somebody's wish. */
const ACTIONS: Partial<Record<Reason, string>> = {
  create_failed:
    "`warmpool machine get ID` has the evidence. If several fail in a row, look at the condition CreatesFailing.",
  node_full: "`warmpool capacity` says what takes the room.",
  strikes: "One now and then is normal. If there are many, look at `machine timeline ID`, then at the node.",
  vanished: "Something other than Warmpool removed it: look at the node.",
  host_key_changed:
    "Treat it as an attack until you know better: SECURITY.md. Then `machine unhold` or `recreate`.",
  swapped:
    "If it happens often, machines die between probes: consider a `healthCommand` and a `readyCommand`.",
  setup_failed:
    "`warmpool log USER` says which step and what it printed. `warmpool retry USER` does it again on the same machine, without the steps that are done; or release.",
  expiring:
    "`warmpool extend USER --ttl DURATION`, or let it end. A failed one: look, then `warmpool retry USER` or release.",
  failed_hold_over:
    "If that is too short, raise `holdFailedSeconds` of the pool, or run `warmpool extend USER --ttl DURATION` in time.",
  lease_lost: "Did the relay stop or lose its network? Its log says.",
  delete_failed:
    "It is tried again until it succeeds. `machine timeline ID` shows the cause. If the machine is certainly gone, run `machine forget ID`.",
  not_heard: "Start the relay, or look at its network: `warmpool node list`.",
  undelivered: "docs/webhook.md: the event has how the last try ended.",
};

/** What to do about the error of an assignment. */
const ASSIGNMENT_ACTIONS: Record<AssignmentErrorCode, string> = {
  unreachable: "Retry. If it happens again, release the assignment and assign again.",
  host_key_changed: "Treat it as an attack until you know better: SECURITY.md.",
  step_failed: "`warmpool log USER` shows what the step printed. Fix the cause, then retry.",
  step_timed_out: "`warmpool log USER` shows how far it got. Raise the limit or fix the cause, then retry.",
  handover_failed: "The message names them. Fix the recipe, then retry with `--recipe current`.",
  machine_refused: "Retry. If it happens again, look at the machine: `warmpool machine get ID`.",
  secret_unreadable: "Put the key back and retry, or release and assign again.",
  keys_not_replaced: "Wait. If access must end now: `warmpool machine cut ID`.",
  access_cut: "`warmpool machine uncut ID` gives the access back.",
  machine_gone: "`warmpool machine recreate ID --reassign` sets up another one.",
  machine_stopped: "`warmpool machine restart ID` starts it again, with its data.",
  machine_silent: "While it is being set up: wait, or release. While active: `warmpool machine restart ID`.",
  node_silent: "Wait, or release and assign again. For operators: `warmpool node list`.",
  node_quiet: "Wait, or release and assign again.",
  node_busy: "Wait, or release and assign again.",
};

/** docs/codes.md: every error code, every reason, and the kinds of events and operations. */
export function codesDocument(): string {
  return [
    "# Codes\n",
    "## Errors\n",
    "The closed set a caller can meet: `data.code` of a tRPC error, `code` of a problem on admin HTTP.\n",
    "| code | HTTP | meaning | what to do |",
    "|---|---|---|---|",
    ...ERROR_CODES.map(
      (code) => `| \`${code}\` | ${HTTP_STATUS[code]} | ${ERRORS[code].meaning} | ${ERRORS[code].action} |`,
    ),
    "\n## Errors of assignments\n",
    "`error.code` of an assignment, and of the webhook's `assignment.failed`: why it failed, why its set-up waits, or why its",
    "machine cannot be used. `error.message` has the details.\n",
    "| code | meaning | what to do |",
    "|---|---|---|",
    ...keysOf(ASSIGNMENT_ERRORS).map(
      (code) => `| \`${code}\` | ${ASSIGNMENT_ERRORS[code]} | ${ASSIGNMENT_ACTIONS[code]} |`,
    ),
    "\n## Kinds of events\n",
    "`kind` of an event: what it is about.\n",
    ...meanings("kind", EVENT_KINDS),
    "\n## Kinds of operations\n",
    "The work of relays, as a machine's `operation` and the metric `warmpool_operations_total` name it.\n",
    ...meanings("kind", OPERATION_KINDS),
    "\n## Reasons\n",
    "Why something happened: every event carries one. If the last column is empty, there is nothing to do.\n",
    "| reason | meaning | what to do |",
    "|---|---|---|",
    ...(Object.keys(REASONS) as Reason[]).map(
      (reason) => `| \`${reason}\` | ${REASONS[reason]} | ${ACTIONS[reason] ?? ""} |`,
    ),
    "",
  ].join("\n");
}

function meanings(name: string, table: Record<string, string>): string[] {
  return [
    `| ${name} | meaning |`,
    "|---|---|",
    ...Object.entries(table).map(([value, meaning]) => `| \`${value}\` | ${meaning} |`),
  ];
}
