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
    meaning: "The input is invalid, or incomplete (such as a missing pool if there are several).",
    action: "The message names the field. Do not retry without a change.",
  },
  UNAUTHORIZED: {
    meaning: "No token, or one that is unknown, expired or revoked. The response does not say which.",
    action: "`warmpool token list`; create a new one.",
  },
  FORBIDDEN: {
    meaning: "A token with this role may not call this.",
    action: "docs/procedures.md lists the roles of each procedure.",
  },
  NOT_FOUND: {
    meaning: "The object does not exist, or the tester never had a machine.",
    action: "List the existing ones.",
  },
  CONFLICT: {
    meaning:
      "It conflicts with the current state: params that differ from those of the assignment, or a machine that has a tester.",
    action: "The message names the conflict; resolve it first.",
  },
  NO_CAPACITY: {
    meaning: "`wait: false`, and no machine is ready.",
    action: "Retry later, or let the assignment wait. If it happens often, raise `targetSize`.",
  },
  POOL_PAUSED: {
    meaning: "The pool is paused and has nothing ready.",
    action: "`warmpool pool resume POOL`, or retry later.",
  },
  LEASE_LOST: {
    meaning: "For relays: another session or relay now has the operation; the result was not stored.",
    action: "Abandon the operation. If it keeps happening, two relays are using one credential.",
  },
  RATE_LIMITED: {
    meaning: "Too many requests with this token.",
    action: "Wait for the time in Retry-After.",
  },
  UNAVAILABLE: {
    meaning: "The database does not respond, has no free connection, or is not migrated.",
    action:
      "Retry after the time in Retry-After. If it persists, look at `/healthz`, then at the database; run `npm run migrate` if it says so.",
  },
  INTERNAL: {
    meaning: "A bug in Warmpool. The caller gets only a request id.",
    action: "Find the id in the edge's log, and report that log entry.",
  },
};

/** What to do about it. A reason that is not here asks for nothing: it is how things go, or somebody's wish. */
const ACTIONS: Partial<Record<Reason, string>> = {
  create_failed:
    "`warmpool machine get ID` has the evidence. If several fail in a row, look at the condition CreatesFailing.",
  node_full: "`warmpool capacity` shows what uses the room.",
  strikes: "An occasional one is normal. If there are many, look at `machine timeline ID`, then at the node.",
  vanished: "Something other than Warmpool removed it: look at the node.",
  host_key_changed:
    "Treat it as an attack until you know better: SECURITY.md. Then `machine unhold` or `recreate`.",
  taken: "Find out whose it is, then `warmpool machine recreate ID`: docs/backup.md.",
  swapped:
    "If it happens often, machines die between probes: consider a `healthCommand` and a `readyCommand`.",
  setup_failed:
    "`warmpool log USER` shows the step and its output. `warmpool retry USER` repeats it on the same machine, without the completed steps; or release.",
  expiring:
    "`warmpool extend USER --ttl DURATION`, or let it expire. If it failed: look at it, then `warmpool retry USER` or release.",
  failed_hold_over:
    "If that is too short, raise `holdFailedSeconds` of the pool, or run `warmpool extend USER --ttl DURATION` in time.",
  lease_lost: "The relay may have stopped or lost its network: look at its log.",
  delete_failed:
    "It is retried until it succeeds. `machine timeline ID` shows the cause. If the machine is certainly gone, run `machine forget ID`.",
  not_heard: "Start the relay, or look at its network: `warmpool node list`.",
  undelivered: "The event has the result of the last attempt; see docs/webhook.md.",
};

/** What to do about the error of an assignment. */
const ASSIGNMENT_ACTIONS: Record<AssignmentErrorCode, string> = {
  unreachable: "Retry. If it happens again, release the assignment and assign again.",
  host_key_changed: "Treat it as an attack until you know better: SECURITY.md.",
  step_failed: "`warmpool log USER` shows the output of the step. Fix the cause, then retry.",
  step_timed_out: "`warmpool log USER` shows its progress. Raise the limit or fix the cause, then retry.",
  handover_failed: "The message names them. Fix the recipe, then retry with `--recipe current`.",
  machine_refused: "Retry. If it happens again, look at the machine: `warmpool machine get ID`.",
  keys_removed:
    "`warmpool machine restart ID`: a full disk of an Incus machine is enlarged then, and the keys are put there. Otherwise make room as an admin (`warmpool ssh ID`), then assign again with the keys.",
  secret_unreadable: "Restore the key and retry, or release and assign again.",
  keys_not_replaced: "Wait. If the old access must end now, run `warmpool machine cut ID`.",
  access_cut: "`warmpool machine uncut ID` restores the access.",
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
    "The closed set of errors that calls return: `data.code` of a tRPC error, `code` of a problem on admin HTTP.\n",
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
    "`kind` of an event: its subject.\n",
    ...meanings("kind", EVENT_KINDS),
    "\n## Kinds of operations\n",
    "The work of relays; these kinds appear in a machine's `operation` and in the metric `warmpool_operations_total`.\n",
    ...meanings("kind", OPERATION_KINDS),
    "\n## Reasons\n",
    "Why something happened: every event has a reason. If the last column is empty, there is nothing to do.\n",
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
