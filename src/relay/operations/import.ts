import type { Endpoint, HostKey } from "../../contract/machine.ts";
import type { ImportOperation, UnmarkOperation } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { DriverError, type DriverMachine } from "../driver.ts";
import { wordsOf } from "../errors.ts";
import type { Lease } from "../session/lease.ts";
import { learnHostKey } from "../ssh/learnHostKey.ts";
import { quote } from "../ssh/shell.ts";
import { connect } from "../ssh/ssh.ts";
import type { ExecResult, SshConnection } from "../ssh/sshConnection.ts";
import { SshError, type SshErrorKind } from "../ssh/sshError.ts";
import { head, printable, tail } from "../text.ts";
import type { Tools } from "../tools.ts";

/**
 * The machine of an old record. It is looked at first, over SSH and without changing anything on it; only when everything
 * is as it has to be, and it is no plan, the driver marks it. What carries our mark already keeps the mark it has.
 */
export async function importMachine(
  operation: ImportOperation,
  lease: Lease,
  { driver, key, clock }: Pick<Tools, "driver" | "key" | "clock">,
): Promise<OperationResult> {
  const { name } = operation.machine;
  try {
    const own = await driver.get(name, clock.within(driver.callSeconds.get, lease.signal));
    if (own === null && driver.mark === undefined) {
      throw new Refused(
        `the driver of this node, ${driver.name}, has no machine ${name}, and cannot take over one that it did not make`,
        "Take a driver that can (docs/import.md), or leave this record out.",
      );
    }
    const dial = operation.dial ?? placeOf(own);
    const hostKey = await look(operation, dial.ssh, key, lease.signal);
    lease.ensure();
    const request = { name, ...dial, hostKey, plan: operation.plan };
    const seconds = driver.callSeconds.mark;
    const found = own ?? (await driver.mark?.(request, clock.within(seconds, lease.signal)));
    if (found === undefined) throw new Error(`nothing says what ${name} is`);
    const { ssh, access } = dial;
    return { outcome: "imported", driver: driver.name, driverRef: found.ref, hostKey, ...ssh, access };
  } catch (error) {
    lease.signal.throwIfAborted();
    const { message, fix } = refusalOf(error, key.publicKey);
    return { outcome: "import_refused", message: head(message, 4096), fix: head(fix, 4096) };
  }
}

/** Takes the mark of an import off. A driver that has none to take off has nothing to do. */
export async function unmarkMachine(
  { machine: { name } }: UnmarkOperation,
  lease: Lease,
  { driver, clock }: Pick<Tools, "driver" | "clock">,
): Promise<OperationResult> {
  try {
    await driver.unmark?.(name, clock.within(driver.callSeconds.unmark, lease.signal));
    return { outcome: "unmarked" };
  } catch (error) {
    lease.signal.throwIfAborted();
    return { outcome: "unmark_failed", message: head(wordsOf(error), 4096) };
  }
}

/** Why it cannot be imported, in words for the person who imports. */
class Refused extends Error {
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

const SSH_SECONDS = 10;
const COMMAND = { timeoutSeconds: 30, maxBytes: 16_384 };

function placeOf(own: DriverMachine | null): { ssh: Endpoint; access: Endpoint } {
  if (own !== null && own.ssh.port !== 0) return { ssh: own.ssh, access: own.access };
  throw new Refused(
    "the record does not say where the machine answers",
    "Give it a host, and a port if that is not 22.",
  );
}

/** @returns the host key under which root's and the tester's account were found */
async function look(
  { expected, username, healthCommand }: ImportOperation,
  ssh: Endpoint,
  key: Tools["key"],
  signal: AbortSignal,
): Promise<HostKey> {
  const hostKey = await learnHostKey(ssh, { timeoutSeconds: SSH_SECONDS, signal });
  if (expected !== null && expected !== hostKey.fingerprint && expected.split(" ")[1] !== hostKey.key) {
    throw new Refused(
      `the machine at ${ssh.host}:${ssh.port} presents the host key ${hostKey.fingerprint}, and the record has another`,
      "Find out who answers there. If the machine has a new key, correct hostKey.",
    );
  }
  const machine = await connect({ ...ssh, hostKey }, key.privateKey, { timeoutSeconds: SSH_SECONDS, signal });
  try {
    await lookInside(machine, username, healthCommand, signal);
  } finally {
    machine.close();
  }
  return hostKey;
}

async function lookInside(
  machine: SshConnection,
  username: string,
  healthCommand: string | null,
  signal: AbortSignal,
): Promise<void> {
  const account = await machine.exec(accountCheck(username), { ...COMMAND, signal });
  if (account.code !== 0) throw noAccount(username, account);
  if (healthCommand === null) return;
  const health = await machine.exec(healthCommand, { ...COMMAND, signal });
  if (health.code === 0) return;
  throw new Refused(
    `the pool's health command ends with ${endOf(health)} on it`,
    "Make it end with 0 there, or import into a pool whose health command does.",
  );
}

const NO_ACCOUNT = 64;
const SYSTEM_ACCOUNT = 65;

/** Nothing is written. A local machine without root has a folder for each account. */
function accountCheck(username: string): string {
  return `user=${quote(username)}
if [ "\${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then [ -d "$WARMPOOL_HOMES/$user" ] || exit ${NO_ACCOUNT}; exit 0; fi
entry=$(getent passwd "$user") || exit ${NO_ACCOUNT}
uid=$(printf '%s' "$entry" | cut -d: -f3)
[ "$uid" -ge 1000 ] && [ "$uid" -lt 65534 ] || exit ${SYSTEM_ACCOUNT}`;
}

function noAccount(username: string, result: ExecResult): Refused {
  if (result.code === SYSTEM_ACCOUNT) {
    return new Refused(`${username} is a system account of the machine`, "Choose another username.");
  }
  if (result.code === NO_ACCOUNT) {
    return new Refused(
      `the machine has no account ${username}`,
      "Make one that opens with the tester's keys: testers log in as their username.",
    );
  }
  return new Refused(
    `whether there is an account ${username} could not be asked: ${endOf(result)}`,
    "Look at the machine, and import again.",
  );
}

function endOf({ code, signal, stdout, stderr }: ExecResult): string {
  const said = tail(printable(Buffer.concat([stdout, stderr])), 300).trim();
  return `${code ?? signal}${said === "" ? "" : ` (${said})`}`;
}

const LOOK_THERE =
  "Correct host and port, or see to it that the machine runs and its SSH can be reached from the node.";

const FIXES: Record<SshErrorKind, (relayKey: string) => string> = {
  refused: () => LOOK_THERE,
  unreachable: () => LOOK_THERE,
  timed_out: () => LOOK_THERE,
  closed: () => LOOK_THERE,
  auth_failed: (relayKey) => `Add the relay's key to /root/.ssh/authorized_keys on the machine: ${relayKey}`,
  host_key_changed: () => "Give the machine an ed25519 host key (ssh-keygen -A, then restart its sshd).",
  violation: () => "Look at the SSH server of the machine.",
  local: () => "Import again in a moment.",
};

function refusalOf(error: unknown, relayKey: string): { message: string; fix: string } {
  if (error instanceof Refused) return error;
  if (error instanceof SshError && error.presented === "none") {
    return { message: "the machine has no ed25519 host key", fix: FIXES.host_key_changed(relayKey) };
  }
  if (error instanceof SshError) return { message: error.message, fix: FIXES[error.kind](relayKey) };
  if (error instanceof DriverError && error.code === "retry") {
    return { message: wordsOf(error), fix: "Import again when the node's driver answers." };
  }
  return { message: wordsOf(error), fix: "Correct the machine's name, or see to what the driver says." };
}
