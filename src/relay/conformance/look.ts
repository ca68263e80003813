import type { Driver, DriverMachine } from "../driver.ts";
import { wordsOf } from "../errors.ts";
import { pause, within } from "../time/pause.ts";
import { connect } from "../ssh/ssh.ts";
import type { SshConnection } from "../ssh/sshConnection.ts";
import { SshError } from "../ssh/sshError.ts";
import { isFree } from "./ports.ts";
import { RULES, type Rule } from "./rules.ts";
import type { Subject, Wanted } from "./subject.ts";
import { demand, Violation, well } from "./violation.ts";

/** What the cases do with a machine, and how they see what became of it: by the driver's words and by SSH. */
export type Made = Wanted & { name: string; machine: DriverMachine };

const LOGIN_SECONDS = 10;
const LOGIN_AGAIN_MS = 250;
/** For one that may be gone: it answers at once, or not at all. */
const ANSWER_SECONDS = 2;

/** @throws Violation where the create fails, or answers for another machine */
export async function create(subject: Subject, wanted?: Wanted, rule: Rule = RULES.created): Promise<Made> {
  const { request, pinned } = wanted ?? (await subject.wanted());
  const { name } = request;
  const machine = await well(`create of ${name}`, rule, subject.driver.create(request, subject.soon()));
  demand(machine.name === name, `create of ${name} returned ${machine.name}.`, rule);
  return { name, machine, request, pinned };
}

/** What the driver says of that machine; null where it says that there is none. */
export function find(
  subject: Subject,
  name: string,
  driver: Driver = subject.driver,
): Promise<DriverMachine | null> {
  return well(`get of ${name}`, RULES.absent, driver.get(name, subject.soon()));
}

/** The names in a listing that says it is complete. */
export async function listed(subject: Subject, driver: Driver = subject.driver): Promise<string[]> {
  const { complete, machines } = await well("list", RULES.complete, driver.list(subject.soon()));
  demand(complete, "list did not print complete: true.", RULES.complete);
  return machines.map(({ name }) => name);
}

/**
 * Waits until root can log in with the key that was given at create, under the host key that was given.
 * @throws Violation where another host key is shown, or the time to boot has passed
 */
async function login(subject: Subject, { name, machine, pinned }: Made): Promise<SshConnection> {
  const { bootSeconds } = subject.settings;
  const booting = within(bootSeconds, subject.signal);
  for (;;) {
    try {
      return await connect({ ...machine.ssh, hostKey: pinned }, subject.privateKey, {
        timeoutSeconds: LOGIN_SECONDS,
        signal: booting,
      });
    } catch (cause) {
      subject.signal.throwIfAborted();
      if (cause instanceof SshError && cause.kind === "host_key_changed") {
        const did = `${name} presents a host key other than the one it was given: ${cause.message}.`;
        throw new Violation(did, RULES.hostKey, { cause });
      }
      if (booting.aborted) {
        const last = cause instanceof SshError ? ` Last: ${wordsOf(cause)}.` : "";
        const did = `${name} did not accept a root login within ${bootSeconds} s.${last}`;
        throw new Violation(did, RULES.opens, { cause });
      }
      await pause(LOGIN_AGAIN_MS, booting).catch(() => undefined);
    }
  }
}

/**
 * Runs a command as root on the machine, as soon as that opens.
 * @returns its exit code, and what it printed without the last newline
 */
export async function exec(
  subject: Subject,
  made: Made,
  command: string,
): Promise<{ code: number | null; said: string }> {
  const root = await login(subject, made);
  try {
    const doing = `\`${command}\` as root on ${made.name}`;
    const bounds = { timeoutSeconds: LOGIN_SECONDS, signal: subject.soon() };
    const { code, stdout } = await well(doing, RULES.opens, root.exec(command, bounds));
    return { code, said: stdout.toString("utf8").trimEnd() };
  } finally {
    root.close();
  }
}

/** What a command that must end with 0 printed, as root on the machine. */
export async function run(subject: Subject, made: Made, command: string): Promise<string> {
  const { code, said } = await exec(subject, made, command);
  demand(code === 0, `\`${command}\` as root on ${made.name} exited with ${code}.`, RULES.opens);
  return said;
}

/** Whether something that holds the machine's host key still answers at its address. */
export async function answers(subject: Subject, { machine, pinned }: Made): Promise<boolean> {
  const bounds = { timeoutSeconds: ANSWER_SECONDS, signal: subject.soon() };
  try {
    (await connect({ ...machine.ssh, hostKey: pinned }, subject.privateKey, bounds)).close();
    return true;
  } catch (error) {
    subject.signal.throwIfAborted();
    // One that refuses our key has shown its host key first.
    return error instanceof SshError && error.kind === "auth_failed";
  }
}

/** @throws Violation where anything of the machine is left, as far as it can be seen from here */
export async function assertGone(subject: Subject, made: Wanted | Made, after: string): Promise<void> {
  const { name, port, httpPort } = made.request;
  const but = `${after} succeeded, but`;
  const found = await find(subject, name);
  demand(found === null, `${but} get still shows ${name} (${found?.state}).`, RULES.deleted);
  const names = await listed(subject);
  demand(!names.includes(name), `${but} list still shows ${name}.`, RULES.deleted);
  const lives = "machine" in made && (await answers(subject, made));
  demand(!lives, `${but} ${name} still responds over SSH with its host key.`, RULES.deleted);
  for (const one of [port, httpPort]) {
    const isHeld = !(await isFree(one));
    demand(!isHeld, `${but} something still listens on its port ${one} of 127.0.0.1.`, RULES.deleted);
  }
}

/** Deletes the machine, and makes sure that nothing of it is left. */
export async function remove(
  subject: Subject,
  made: Wanted | Made,
  doing = `delete of ${made.request.name}`,
) {
  await well(doing, RULES.deleted, subject.driver.delete(made.request.name, subject.soon()));
  await assertGone(subject, made, doing);
}
