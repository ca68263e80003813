import type { OperationResult } from "../../contract/operationResult.ts";
import type { SetupOperation } from "../../contract/relay.ts";
import { LeaseLost, wordsOf } from "../errors.ts";
import type { Tools } from "../tools.ts";
import type { Lease } from "../session/lease.ts";
import { afterServed } from "../time/lateness.ts";
import { pause } from "../time/pause.ts";
import { during, UNTRACED } from "../span.ts";
import { Reconnecting } from "../ssh/reconnecting.ts";
import { printable, tail } from "../text.ts";
import { KEYS_GONE, KEYS_STAY, WRONG_NAME } from "./account.ts";
import { SetupFailure } from "./failure.ts";
import { LogReader, type RunEnd } from "./follow.ts";
import { keyProblems, parseKeys, READ_KEYS } from "./handover.ts";
import { firstLogin, persistentExec } from "./login.ts";
import { ACCOUNT_STEP, HANDOVER_STEP, type Plan, planOf, titlesOf } from "./plan.ts";
import { redactor } from "./redact.ts";
import { SetupReporter } from "./reporter.ts";
import { EXIT, STARTED, startScript, UNTOUCHED } from "./start.ts";
import { StepSpans } from "./stepSpans.ts";
import { takenBy } from "./taken.ts";

/** What a look at the log may take before the connection counts as broken. */
const POLL_SECONDS = 10;

/**
 * Sets a machine up for its tester. The steps run on the machine by themselves; this side starts them once, follows
 * them from wherever they are, and believes their exit record only. It can be broken off at any line: whoever does it
 * again, with a higher token, attaches to what runs.
 */
export async function setUp(
  operation: SetupOperation,
  lease: Lease,
  { key, clock, span = UNTRACED }: Pick<Tools, "key" | "clock" | "span">,
  pollSeconds = POLL_SECONDS,
  keyChangeSeconds = KEY_CHANGE_SECONDS,
): Promise<OperationResult> {
  const plan = planOf(operation, key.publicKey);
  const bound = plan.keysOnly ? boundedLease(lease, keyChangeSeconds) : null;
  const held = bound?.lease ?? lease;
  const machine = new Reconnecting(operation.machine, key.privateKey);
  const { assignment } = operation;
  const secrets = Object.values(assignment.secrets);
  const steps = new StepSpans(span, plan.steps);
  const reporter = new SetupReporter(lease, titlesOf(plan), assignment.logOffset, secrets, steps.at);
  try {
    await firstLogin(operation, machine, held, clock, span);
    const end = await runToEnd(plan, operation.token, machine, reporter, held, pollSeconds);
    steps.end(end.end === "ok" ? undefined : end.end);
    if (end.end !== "ok") throw stepFailure(plan, end, reporter.lastLines);
    reporter.atHandover();
    const [keys] = await during(span, "hand-over", () =>
      Promise.all([checkHandover(operation, key.publicKey, machine, held), reporter.flush()]),
    );
    return {
      outcome: "set_up",
      outputs: reporter.outputs,
      handover: { hostKey: operation.machine.hostKey.fingerprint, keys },
    };
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    await reporter.flush();
    return error.result(redactor(secrets));
  } finally {
    // Of a set-up that was broken off.
    steps.end("abandoned");
    machine[Symbol.dispose]();
    bound?.[Symbol.dispose]();
  }
}

/**
 * What a change of keys may take in all, while the machine can be asked. Its tester may be root there, and able to keep it
 * from ever ending; whoever waits for it is told.
 */
const KEY_CHANGE_SECONDS = 90;
const FENCED_PAUSE_MS = 2000;

/** The lease, with an end of its own: a failure that says so. */
function boundedLease(lease: Lease, seconds: number): Disposable & { lease: Lease } {
  const over = new AbortController();
  const cancel = afterServed(seconds * 1000, () =>
    over.abort(
      new SetupFailure(
        "machine_refused",
        `The keys on the machine could not be replaced within ${seconds} s.`,
      ),
    ),
  );
  const signal = AbortSignal.any([lease.signal, over.signal]);
  return {
    lease: {
      signal,
      ensure: (left) => lease.ensure(left),
      report: (progress) => lease.report(progress),
      confirm: (progress) => lease.confirm(progress),
    },
    [Symbol.dispose]: cancel,
  };
}

/** The script itself waits for the lock for 20 s; what fails at once has no `flock`. */
const MOST_LOCKED = 6;
const LOCKED_PAUSE_MS = 1000;

/** Starts the run, or attaches to it, until there is an exit record of exactly this plan. */
async function runToEnd(
  plan: Plan,
  token: number,
  machine: Reconnecting,
  reporter: SetupReporter,
  lease: Lease,
  pollSeconds: number,
): Promise<RunEnd> {
  const reader = new LogReader(
    plan,
    (command, maxBytes) => persistentExec(machine, command, { timeoutSeconds: pollSeconds, maxBytes }, lease),
    reporter,
  );
  for (;;) {
    lease.ensure();
    await start(plan, token, machine, lease);
    const followed = await reader.follow(lease);
    if (followed.end !== "gone") return followed;
  }
}

async function start(plan: Plan, token: number, machine: Reconnecting, lease: Lease): Promise<void> {
  for (let locked = 0; ;) {
    const options = { stdin: startScript(plan, token), timeoutSeconds: 60, maxBytes: 16_384 };
    const { code, stdout, stderr } = await persistentExec(machine, "sh -s", options, lease);
    const said = printable(stdout).trim();
    if (code === 0 && STARTED.some((answer) => answer === said)) return;
    const another = takenBy({ code, stdout });
    if (another !== null)
      throw new SetupFailure("machine_refused", `Assignment ${another} was set up on this machine before.`, {
        untouched: true,
        takenBy: another,
      });
    if (code === EXIT.fenced && plan.keysOnly) {
      // Root on the machine may have written any number there: the lease itself says whether another relay has it.
      await pause(FENCED_PAUSE_MS, lease.signal);
      continue;
    }
    if (code === EXIT.fenced)
      throw new LeaseLost("The machine has seen a higher fence: another relay is working on it.");
    if (code === EXIT.locked && (locked += 1) < MOST_LOCKED) {
      await pause(LOCKED_PAUSE_MS, lease.signal);
      continue;
    }
    const untouched = said.split("\n").at(-1) === UNTOUCHED;
    const shown = untouched ? said.slice(0, -UNTOUCHED.length) : said;
    const output = tail(shown + printable(stderr), 1000);
    throw new SetupFailure(
      "machine_refused",
      `The set-up could not be started on the machine (exit ${code}): ${output}`,
      // Without a shell nothing of it has run.
      { untouched: code === 126 || code === 127 || untouched },
    );
  }
}

function stepFailure(
  plan: Plan,
  end: Exclude<RunEnd, { end: "ok" }>,
  lastLines: readonly string[],
): SetupFailure {
  if (end.end === "unreadable") {
    return new SetupFailure(
      "machine_refused",
      `The machine's record of how the set-up ended is invalid: ${JSON.stringify(end.record)}.`,
    );
  }
  const step = plan.steps[end.step - 1];
  const last =
    lastLines.length === 0
      ? "It printed no output."
      : `The end of its log:\n${lastLines.map((line) => tail(line, 500)).join("\n")}`;
  const at = { step: step?.id ?? String(end.step) };
  const keys = plan.keysOnly && end.end === "failed" ? keysFailure(end.code, last) : null;
  if (keys !== null) return keys;
  // No recipe is to blame for what fails before its first step, and no tester, but for the name they chose.
  if (at.step === ACCOUNT_STEP && !(end.end === "failed" && end.code === WRONG_NAME)) {
    const how = end.end === "failed" ? `failed with exit code ${end.code}` : "timed out";
    return new SetupFailure("machine_refused", `Step "${step?.title}" ${how}. ${last}`, at);
  }
  return end.end === "timeout"
    ? new SetupFailure(
        "step_timed_out",
        `Step "${step?.title}" timed out after ${step?.timeoutSeconds} s. ${last}`,
        at,
      )
    : new SetupFailure("step_failed", `Step "${step?.title}" failed with exit code ${end.code}. ${last}`, {
        ...at,
        exitCode: end.code,
      });
}

/** What a machine that had no room for new keys says of the ones before. */
function keysFailure(code: number, last: string): SetupFailure | null {
  const told = "The new keys could not be written on the machine";
  if (code === KEYS_STAY)
    return new SetupFailure("machine_refused", `${told}; the previous ones still open it. ${last}`);
  if (code === KEYS_GONE)
    return new SetupFailure("keys_removed", `${told}, and the previous ones were removed. ${last}`);
  return null;
}

/** Reads the keys back. That the host key is the pinned one is proven by the connection they are read over. */
async function checkHandover(
  { assignment }: SetupOperation,
  relayKey: string,
  machine: Reconnecting,
  lease: Lease,
): Promise<Record<string, string[]>> {
  const options = { timeoutSeconds: 30, maxBytes: 4 * 1024 * 1024 };
  const { code, stdout } = await persistentExec(machine, READ_KEYS, options, lease);
  const failure = (message: string): SetupFailure =>
    new SetupFailure("handover_failed", message, { step: HANDOVER_STEP });
  if (code !== 0) throw failure(`The keys could not be read back (exit ${code}).`);
  const { keys, odd } = readKeys(stdout, failure);
  const wrong = keyProblems(keys, {
    username: assignment.username,
    testerKeys: assignment.sshKeys,
    rootKeys: [relayKey, ...assignment.adminSshKeys],
  });
  const problems = [...odd, ...wrong];
  if (problems.length > 0) throw failure(`The machine is not clean. ${problems.join(" ")}`);
  return keys;
}

function readKeys(
  stdout: Buffer,
  failure: (message: string) => SetupFailure,
): NonNullable<ReturnType<typeof parseKeys>> {
  let found: ReturnType<typeof parseKeys>;
  try {
    found = parseKeys(stdout.toString("utf8"));
  } catch (error) {
    throw failure(`The machine is not clean: ${wordsOf(error)}.`);
  }
  if (found === null) throw failure("The keys could not be read back: the machine sent an incomplete list.");
  return found;
}
