import { growing } from "../../contract/growing.ts";
import type { SetupOperation } from "../../contract/relay.ts";
import type { Clock } from "../time/clock.ts";
import { wordsOf } from "../errors.ts";
import type { Lease } from "../session/lease.ts";
import { pause } from "../time/pause.ts";
import type { Reconnecting } from "../ssh/reconnecting.ts";
import type { ExecOptions, ExecResult } from "../ssh/sshConnection.ts";
import { during, UNTRACED } from "../span.ts";
import { couldNotAsk, SshError } from "../ssh/sshError.ts";
import { SetupFailure } from "./failure.ts";

const RETRY_MS = 300;
const LONGEST_RETRY_MS = 5000;

/**
 * The first login of a set-up, within the machine's connect budget: where it does not come about, the edge gives the
 * tester another machine. It is confirmed at the edge before anything on the machine is changed, because from then on
 * there is no swap.
 * @throws SetupFailure `unreachable` or `host_key_changed`; SshError `local` if this relay itself was too slow
 */
export async function firstLogin(
  operation: SetupOperation,
  machine: Reconnecting,
  lease: Lease,
  clock: Clock,
  span = UNTRACED,
): Promise<void> {
  if (operation.assignment.loggedIn) return;
  await during(span, "connect", () => untilReached(operation, machine, lease, clock));
  await lease.confirm({ kind: "setup", loggedIn: true });
}

async function untilReached(
  operation: SetupOperation,
  machine: Reconnecting,
  lease: Lease,
  clock: Clock,
): Promise<void> {
  const seconds = operation.assignment.connectBudgetSeconds;
  const budget = clock.within(seconds, lease.signal);
  const slowness = clock.watch();
  let last: unknown = null;
  while (!(await tryLogin(machine, budget, (error) => (last = error)))) {
    lease.signal.throwIfAborted();
    if (last instanceof SshError && last.kind === "host_key_changed") throw hostKeyChanged(last);
    if (!budget.aborted) await clock.pause(RETRY_MS, budget).catch(() => undefined);
    if (budget.aborted) throw notReached(seconds, last, slowness());
  }
}

/** That this relay could not ask says nothing about the machine: the set-up is let go, to be leased again. */
function notReached(seconds: number, last: unknown, slowness: string | null): Error {
  if (last instanceof SshError && last.kind === "local") return last;
  const said = `The machine could not be reached within ${seconds} s`;
  if (slowness !== null) return couldNotAsk(said, slowness);
  return new SetupFailure(
    "unreachable",
    `${said}. ${last === null ? "Nothing answered." : `Last: ${wordsOf(last)}`}`,
  );
}

async function tryLogin(
  machine: Reconnecting,
  budget: AbortSignal,
  failed: (error: unknown) => void,
): Promise<boolean> {
  try {
    await machine.login(budget);
    return true;
  } catch (error) {
    // The budget's own end is no cause, unless it is all there is.
    if (error instanceof SshError || !budget.aborted) failed(error);
    return false;
  }
}

/**
 * An exec that goes on trying, over new connections, until the lease ends. The command may run more than once: it has
 * to be one that can.
 * @throws SetupFailure `host_key_changed`; the lease's reason
 */
export async function persistentExec(
  machine: Reconnecting,
  command: string,
  options: Omit<ExecOptions, "signal">,
  lease: Lease,
): Promise<ExecResult> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await machine.exec(command, { ...options, signal: lease.signal });
    } catch (error) {
      lease.signal.throwIfAborted();
      if (!(error instanceof SshError)) throw error;
      if (error.kind === "host_key_changed") throw hostKeyChanged(error);
      if (error.kind === "violation") throw new SetupFailure("machine_refused", error.message);
    }
    await pause(growing(RETRY_MS, LONGEST_RETRY_MS, tries), lease.signal);
  }
}

function hostKeyChanged(error: SshError): SetupFailure {
  const { message, presented } = error;
  return new SetupFailure("host_key_changed", message, presented === undefined ? {} : { presented });
}
