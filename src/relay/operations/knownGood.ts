import { growing } from "../../contract/growing.ts";
import type { HostKey } from "../../contract/machine.ts";
import type { CreateOperation } from "../../contract/relay.ts";
import type { Clock } from "../time/clock.ts";
import type { DriverMachine } from "../driver.ts";
import { wordsOf } from "../errors.ts";
import type { Lease } from "../session/lease.ts";
import { runOnNode } from "./nodeCommand.ts";
import { Reconnecting } from "../ssh/reconnecting.ts";
import type { ExecResult } from "../ssh/sshConnection.ts";
import { during, type Span } from "../span.ts";
import { printable, tail } from "../text.ts";
import { WRITABLE } from "./writable.ts";

/**
 * From "it exists" to known good, in this order and within one boot timeout: it answers an exec under the pinned host
 * key, its first boot is over, its ready command and its health command end with 0 on it, and the access command ends
 * with 0 on the node.
 */
export class NotGood extends Error {
  readonly reason: "never_ready" | "not_reachable";
  readonly evidence: Record<string, string>;
  constructor(reason: NotGood["reason"], message: string, evidence: Record<string, string>) {
    super(message);
    this.reason = reason;
    this.evidence = evidence;
  }
}

type Subject = {
  made: DriverMachine;
  hostKey: HostKey;
  bootedCommand: string | undefined;
  spec: CreateOperation["spec"];
  lease: Lease;
  privateKey: string;
  /** Aborted when the boot timeout has passed, or with the lease. */
  signal: AbortSignal;
  clock: Clock;
  span: Span;
};

const COMMAND_SECONDS = 30;
const COMMAND = { timeoutSeconds: COMMAND_SECONDS, maxBytes: 16_384 };
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1000;

/** @throws NotGood when the boot timeout passes first; the lease's reason where that ends */
export async function knownGood(subject: Subject): Promise<void> {
  const { made, spec, lease } = subject;
  const machine = new Reconnecting({ ...made.ssh, hostKey: subject.hostKey }, subject.privateKey);
  try {
    const run = async (command: string, signal: AbortSignal): Promise<string | null> =>
      failureOf(await machine.exec(command, { ...COMMAND, signal }));
    await stage(subject, "booting", "not_reachable", "it did not respond over SSH", (signal) =>
      run("true", signal),
    );
    await firstBoot(subject, machine);
    for (const [name, command] of [
      ["the ready command", spec.readyCommand],
      ["the health command, or the write check,", `${WRITABLE}\n${spec.healthCommand ?? "true"}`],
    ] as const) {
      if (command === undefined) continue;
      await stage(subject, "joining", "never_ready", `${name} did not exit with 0`, (signal) =>
        run(command, signal),
      );
    }
    const { accessCommand } = spec;
    if (accessCommand !== undefined) {
      const env = { WARMPOOL_HOST: made.access.host, WARMPOOL_PORT: String(made.access.port) };
      await stage(
        subject,
        "checking",
        "not_reachable",
        "the access command did not exit with 0",
        async (signal) => {
          const { code, output } = await runOnNode(accessCommand, env, {
            timeoutSeconds: COMMAND_SECONDS,
            signal,
          });
          return code === 0
            ? null
            : `${code === null ? "killed by a signal or timeout" : `exit ${code}`}: ${output}`;
        },
      );
    }
  } finally {
    machine[Symbol.dispose]();
  }
  lease.ensure();
}

/** Waits for the end of the first boot. One that has failed is not waited for any longer: it never heals. */
async function firstBoot(subject: Subject, machine: Reconnecting): Promise<void> {
  const { made, bootedCommand } = subject;
  if (bootedCommand === undefined) return;
  await stage(subject, "joining", "never_ready", "its first boot did not exit with 0", async (signal) => {
    const result = await machine.exec(bootedCommand, { ...COMMAND, signal });
    const problem = failureOf(result);
    if (result.code !== 1 || problem === null) return problem;
    throw new NotGood("never_ready", `${made.name}: its first boot failed. ${tail(problem, 1000)}`, {
      "first boot": problem,
    });
  });
}

type Stage = {
  phase: "booting" | "joining" | "checking";
  reason: NotGood["reason"];
  failure: string;
  attempt: (signal: AbortSignal) => Promise<string | null>;
};

async function stage(
  subject: Subject,
  phase: Stage["phase"],
  reason: Stage["reason"],
  failure: Stage["failure"],
  attempt: Stage["attempt"],
): Promise<void> {
  subject.lease.report({ kind: "create", phase }).catch(() => undefined);
  await during(subject.span, phase, () => passed(subject, { phase, reason, failure, attempt }));
}

/**
 * Tries until `attempt` returns null; what it returned or threw last is the cause in the end. One that the deadline cut off
 * has nothing to say, unless it is the only one.
 */
async function passed(
  { lease, signal, made, spec, clock }: Subject,
  { phase, reason, failure, attempt }: Stage,
): Promise<void> {
  let cause: string | null = null;
  for (let tries = 0; ; tries += 1) {
    try {
      const problem = await attempt(signal);
      if (problem === null) return;
      if (!signal.aborted || cause === null) cause = problem;
    } catch (error) {
      if (error instanceof NotGood) throw error;
      if (!signal.aborted) cause = wordsOf(error);
    }
    await clock.pause(growing(FIRST_WAIT_MS, LONGEST_WAIT_MS, tries), signal).catch(() => undefined);
    lease.signal.throwIfAborted();
    if (signal.aborted) {
      const last = cause ?? "no time was left to try";
      throw new NotGood(
        reason,
        `${made.name}: ${failure} within ${spec.bootTimeoutSeconds} s. Last: ${tail(last, 1000)}`,
        { [phase]: last },
      );
    }
  }
}

function failureOf({ code, signal, stdout, stderr }: ExecResult): string | null {
  if (code === 0) return null;
  return `exit ${code ?? signal}: ${tail(printable(Buffer.concat([stdout, stderr])), 4000)}`;
}
