import type { Command } from "commander";
import { TTL_BOUNDS } from "../../contract/assignment.ts";
import type { AssignResult, Assignment } from "../../contract/assignment.ts";
import { assignmentLines } from "../views/assignmentView.ts";
import { ASSIGNMENT_COLUMNS } from "../views/assignmentColumns.ts";
import type { Listing } from "../terminal/listing.ts";
import { advised } from "../terminal/failure.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { collect } from "../inputs/collect.ts";
import { readPublicKeys } from "../inputs/keys.ts";
import { paramOptions, paramsOf } from "../inputs/paramOptions.ts";
import type { ParamOptions } from "../inputs/paramOptions.ts";
import { answer, next, shellWord, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { testerOf, testerVerb, testerWords } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";
import { privateHalf } from "../ssh/sshIdentity.ts";
import { trimDot } from "../terminal/text.ts";
import { durationWithin } from "../terminal/time.ts";
import { isSettled } from "../session/watch.ts";
import { waitingReason, watchAssigned } from "./assignWait.ts";

type AssignOptions = TesterOptions &
  ParamOptions & {
    key: string[];
    ttl?: number;
    /** true: watch until it is settled; else come back at once. */
    wait?: boolean;
    /** false: fail where nothing is ready, instead of standing in line. */
    queue?: boolean;
  };

/** `warmpool assign USER`: gives a tester a machine. */
export function assign(program: Command, cli: Cli): void {
  const verb = testerVerb(
    program,
    "assign",
    "assign a machine to a tester. Repeating it returns the same assignment",
  ).requiredOption("--key <file>", "the tester's public key (.pub), required; may be repeated", collect);
  paramOptions(verb, "a parameter of the recipe")
    .option(
      "--ttl <duration>",
      "how long the assignment lasts after it is active, such as 2h",
      durationWithin(TTL_BOUNDS),
    )
    .option("--wait", "show progress until the machine is ready")
    .option("--no-wait", "return at once (the default); a waiting tester stays in the queue")
    .option("--no-queue", "fail if no machine is ready, instead of joining the queue")
    .action(withSession(cli, act, ASSIGNED));
}

const ASSIGNED: Listing<AssignResult, Assignment> = {
  columns: ASSIGNMENT_COLUMNS,
  rows: ({ assignment }) => [assignment],
  isRecord: true,
};

async function act(session: Session, user: string, options: AssignOptions): Promise<void> {
  const tester = testerOf(user, options);
  const words = testerWords(user, options);
  const params = paramsOf(options);
  const request = {
    ...tester,
    sshKeys: readPublicKeys(options.key),
    ...(params === undefined ? {} : { params }),
    ...(options.ttl === undefined ? {} : { ttlSeconds: options.ttl }),
    ...(options.queue === false ? { wait: false } : {}),
  };
  const retry = next(session, "retry", ...words, "--param NAME=VALUE");
  // The only conflict: a live assignment with other parameters.
  const result = await advised(
    "CONFLICT",
    `If its set-up failed, \`${retry}\` changes a parameter and sets it up again.`,
    () => session.client.tester.assign.mutate(request),
  );
  const assignment =
    options.wait === true && !isSettled(result.assignment)
      ? await watchAssigned(session, tester, words, result.assignment)
      : result.assignment;
  const why = session.json ? null : await waitingReason(session, assignment);
  const logIn = next(session, "ssh", ...words, ...identityWords(options.key));
  answer(
    session,
    { ...result, assignment },
    () => assignmentLines(assignment, logIn, session.out, Date.now(), why),
    ASSIGNED,
  );
  // Asking again for one that has failed gives it back as it is, and that is no machine either.
  if (assignment.state === "failed" || (options.wait === true && assignment.state === "released")) {
    throw new CliError(
      EXIT.failed,
      `${user} has no usable machine${cause(session, assignment)}.`,
      assignment.state === "released"
        ? `\`${next(session, "assign", ...words, "--key FILE")}\` gets one.`
        : `\`${next(session, "log", ...words)}\` shows the log of the set-up; \`${next(session, "retry", ...words)}\` continues where it stopped, with \`--param NAME=VALUE\` if a parameter was wrong; release returns the machine.`,
    );
  }
  if (options.wait === true && assignment.state === "active" && assignment.error !== null) {
    throw new CliError(
      EXIT.failed,
      `${user} has a machine, but not with these keys${cause(session, assignment)}.`,
      assignment.error.code === "keys_removed"
        ? `No key opens it now: make room on it and retry (on Incus \`${next(session, "machine", "restart", assignment.machine?.name ?? "MACHINE")}\` does both), or release it.`
        : "The previous keys may still work: retry, or release it if the old access must end now.",
    );
  }
  if (!isSettled(assignment)) {
    session.out.note(`\`${next(session, "tester", ...words)}\` shows its progress, as --wait does.`);
  }
}

/** A person has just read the cause in the answer; what a program reads of an error stands alone. */
function cause({ json }: Session, { error, state }: Assignment): string {
  return json ? `: ${trimDot(error?.message ?? `the assignment is ${state}`)}` : "";
}

/** Where the private half lies beside the key that was given: the line is then one that works as it stands. */
function identityWords(keys: string[]): string[] {
  const half = keys.map(privateHalf).find((file) => file !== null);
  return half === undefined || half === null ? [] : ["--identity", shellWord(half)];
}
