import { growing } from "../../contract/growing.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import type { RestartOperation } from "../../contract/relay.ts";
import type { Clock } from "../time/clock.ts";
import { type Driver, DriverError, type DriverMachine } from "../driver.ts";
import { wordsOf } from "../errors.ts";
import type { Tools } from "../tools.ts";
import type { Lease } from "../session/lease.ts";
import { connect } from "../ssh/ssh.ts";
import { SshError } from "../ssh/sshError.ts";
import { head } from "../text.ts";

const LOGIN_SECONDS = 10;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1000;

/**
 * Stops the machine, starts it, and waits until it answers an exec under its pinned host key, all within the pool's
 * boot timeout. Whoever does it again stops and starts it again: nothing of it is half done.
 */
export async function restartMachine(
  operation: RestartOperation,
  lease: Lease,
  tools: Pick<Tools, "driver" | "key" | "connections" | "clock">,
): Promise<OperationResult> {
  const { id, name } = operation.machine;
  const { driver, clock } = tools;
  const signal = clock.within(operation.bootTimeoutSeconds, lease.signal);
  tools.connections.drop(id);
  let last: unknown = "no time was left to try";
  let isStopped = false;
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      lease.ensure();
      if (!isStopped) await driver.stop(name, clock.within(driver.callSeconds.stop, signal));
      isStopped = true;
      const { ssh, access } = await bringUp(operation, lease, tools, signal);
      return { outcome: "restarted", host: ssh.host, port: ssh.port, access };
    } catch (error) {
      if (!signal.aborted) last = error;
      if (isFinal(error)) break;
    }
    await clock.pause(growing(FIRST_WAIT_MS, LONGEST_WAIT_MS, tries), signal).catch(() => undefined);
  }
  lease.signal.throwIfAborted();
  const how = signal.aborted
    ? `did not come back within ${operation.bootTimeoutSeconds} s`
    : "did not come back";
  return { outcome: "restart_failed", message: head(`${name} ${how}. Last: ${wordsOf(last)}`, 4096) };
}

/** @throws DriverError or SshError where it is not up yet, or never will be. */
async function bringUp(
  { machine }: RestartOperation,
  lease: Lease,
  { driver, key, clock }: Pick<Tools, "driver" | "key" | "clock">,
  signal: AbortSignal,
): Promise<DriverMachine> {
  const found = await look(driver, machine.name, signal, clock);
  if (found.state !== "running") {
    lease.ensure();
    await driver.start(machine.name, clock.within(driver.callSeconds.start, signal));
  }
  const now = found.state === "running" ? found : await look(driver, machine.name, signal, clock);
  const target = { ...now.ssh, hostKey: machine.hostKey };
  const connection = await connect(target, key.privateKey, { timeoutSeconds: LOGIN_SECONDS, signal });
  try {
    const { code } = await connection.exec("true", { timeoutSeconds: LOGIN_SECONDS, signal });
    if (code === 0) return now;
    throw new DriverError(
      "retry",
      `It accepts connections but runs no commands: \`true\` exited with ${code}`,
    );
  } finally {
    connection.close();
  }
}

async function look(driver: Driver, name: string, signal: AbortSignal, clock: Clock): Promise<DriverMachine> {
  const found = await driver.get(name, clock.within(driver.callSeconds.get, signal));
  if (found !== null) return found;
  throw new DriverError("failed", `The driver no longer finds a machine ${name}`);
}

/** What trying again does not change. */
function isFinal(error: unknown): boolean {
  if (error instanceof SshError) return error.kind === "host_key_changed";
  return error instanceof DriverError && error.code !== "retry";
}
