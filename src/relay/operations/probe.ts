import { NOT_LISTED, provesAbsence } from "../../contract/listing.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import type { ProbeOperation } from "../../contract/relay.ts";
import { wordsOf } from "../errors.ts";
import { Gate } from "../time/gate.ts";
import type { Tools } from "../tools.ts";
import type { Lease } from "../session/lease.ts";
import { lookAround, type Surroundings } from "../session/session.ts";
import { SshError } from "../ssh/sshError.ts";
import { refuseTaken, takenBy } from "../setup/taken.ts";
import { head, printable, tail } from "../text.ts";
import { WRITABLE } from "./writable.ts";

/**
 * Asks every machine whether it lives: `alive`, `dead`, or `unknown` where this relay could not ask. A complete listing
 * outranks what answers at an address; one that failed or is empty says nothing about anybody.
 */
export async function probeMachines(
  operation: ProbeOperation,
  lease: Lease,
  { driver, connections, clock }: Pick<Tools, "driver" | "connections" | "clock">,
): Promise<OperationResult> {
  let driverProblem: string | undefined;
  const around = await lookAround(driver, lease.signal, clock, (message) => {
    driverProblem = message;
  });
  const commands = new Gate(COMMANDS_AT_ONCE, COMMAND_HOLD_MS, clock.after);
  const gets = new Gate(GETS_AT_ONCE, null);
  const queue = [...operation.machines];
  const answers: Answer[] = [];
  const worker = async (): Promise<void> => {
    for (let machine = queue.shift(); machine !== undefined; machine = queue.shift()) {
      answers.push({
        id: machine.id,
        ...(await withNodesWord(
          await ask(machine, operation, around, { connections, clock, commands }, lease.signal),
          machine.name,
          around,
          { driver, clock, gets },
          lease.signal,
        )),
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, worker));
  if (operation.scope === "all") {
    connections.keepOnly(new Set(operation.machines.map((machine) => machine.id)));
  }
  return {
    outcome: "probed",
    listing: around?.listing ?? null,
    answers,
    ...(driverProblem === undefined ? {} : { driverProblem }),
  };
}

type Answer = Extract<OperationResult, { outcome: "probed" }>["answers"][number];
type Verdict = Omit<Answer, "id">;

type Means = Pick<Tools, "connections" | "clock"> & { commands: Gate };

/**
 * To wait costs nothing, and a machine that does not answer is waited for through all its attempts: so many may be silent
 * before one that is well has to wait for them. What takes time of this host or the node is bounded apart from that: logins
 * (src/relay/ssh/sshPool.ts), commands on the machines, and questions to the driver.
 */
const AT_ONCE = 512;
const COMMANDS_AT_ONCE = 32;
const COMMAND_HOLD_MS = 500;
const GETS_AT_ONCE = 16;

async function ask(
  machine: ProbeOperation["machines"][number],
  { attempts, attemptSeconds }: ProbeOperation,
  around: Surroundings | null,
  means: Means,
  signal: AbortSignal,
): Promise<Verdict> {
  const { connections, clock } = means;
  if (provesAbsence(around?.listing) && !around.listing.names.includes(machine.name)) {
    connections.drop(machine.id);
    return { answer: "dead", cause: NOT_LISTED };
  }
  const elsewhere = otherPlace(machine, around);
  let verdict: Verdict | null = null;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const startedAt = clock.now();
    const now = await askOnce(machine, attemptSeconds, means, signal);
    if (now.answer === "alive") return now;
    if (elsewhere !== null) {
      connections.drop(machine.id);
      const there = await askOnce({ ...machine, ...elsewhere.ssh }, attemptSeconds, means, signal);
      if (there.answer === "alive") return { ...there, moved: elsewhere };
    }
    // Dead only where every attempt said so.
    if (verdict?.answer !== "unknown") verdict = now;
    connections.drop(machine.id);
    // Spaced, so that one bad moment is not asked three times.
    const left = attemptSeconds * 1000 - (clock.now() - startedAt);
    if (attempt < attempts && left > 0) await clock.pause(left, signal);
  }
  return verdict ?? { answer: "unknown", cause: "no attempts are configured" };
}

/** What the node knows better than any connection of one that does not answer: that it is stopped, or not there at all. */
async function withNodesWord(
  verdict: Verdict,
  name: string,
  around: Surroundings | null,
  { driver, clock, gets }: Pick<Tools, "driver" | "clock"> & { gets: Gate },
  signal: AbortSignal,
): Promise<Verdict> {
  if (verdict.answer !== "dead" || around?.listing.complete !== true) return verdict;
  const found = around.machines.find((machine) => machine.name === name);
  if (found?.state === "stopped") {
    return {
      ...verdict,
      stopped: true,
      cause: head(`stopped on its node (${verdict.cause ?? "no answer"})`, 500),
    };
  }
  if (found !== undefined) return verdict;
  const standing = await gets
    .through(() => driver.get(name, clock.within(driver.callSeconds.get, signal)))
    .catch(() => undefined);
  return standing === null ? { ...verdict, absent: true } : verdict;
}

/** Where the node has it now, if not where it was: a host that was started again may have given it a new address. */
function otherPlace(
  { name, host, port }: ProbeOperation["machines"][number],
  around: Surroundings | null,
): NonNullable<Verdict["moved"]> | null {
  const found = around?.machines.find((machine) => machine.name === name);
  if (found?.state !== "running" || found.ssh.port === 0) return null;
  const { ssh, access } = found;
  return ssh.host === host && ssh.port === port ? null : { ssh, access };
}

/**
 * Who is on a machine already may fill it; one that is still to be given away must have room, and nobody may have been set
 * up on it.
 */
function commandFor({ state, healthCommand }: ProbeOperation["machines"][number]): string {
  const health = healthCommand ?? "true";
  return state === "ready" || state === "suspect" ? `${UNTAKEN}\n${WRITABLE}\n${health}` : health;
}

const UNTAKEN = `state=\${WARMPOOL_STATE:-/var/lib/warmpool}\n${refuseTaken('""', "exit")}`;

/** One attempt: the connection, the login and the command may take `seconds` each. */
async function askOnce(
  machine: ProbeOperation["machines"][number],
  seconds: number,
  { connections, commands }: Means,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const connection = await connections.get(machine, { timeoutSeconds: seconds, signal });
    const result = await commands.through(() =>
      connection.exec(commandFor(machine), { timeoutSeconds: seconds, signal, maxBytes: 16_384 }),
    );
    if (result.code === 0) return { answer: "alive", cause: null };
    const another = takenBy(result);
    if (another !== null) return { answer: "alive", cause: null, takenBy: another };
    const output = printable(Buffer.concat([result.stdout, result.stderr]));
    return {
      answer: "dead",
      cause: head(`health command exited with ${result.code ?? result.signal}: ${tail(output, 300)}`, 500),
    };
  } catch (error) {
    signal.throwIfAborted();
    const cause = head(wordsOf(error), 500);
    if (!(error instanceof SshError) || error.kind === "local") return { answer: "unknown", cause };
    const { presented } = error;
    return { answer: "dead", cause, ...(presented === undefined ? {} : { presented }) };
  }
}
