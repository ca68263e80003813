import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { CliError, EXIT } from "../terminal/exit.ts";
import { next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { knownHosts, sshArguments } from "../ssh/sshArguments.ts";
import { identityFor } from "../ssh/sshIdentity.ts";
import { sshTarget } from "../ssh/sshTarget.ts";
import type { SshTarget } from "../ssh/sshArguments.ts";
import { readLocal } from "../session/target.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";

type SshOptions = TesterOptions & { identity?: string };

/** `warmpool ssh USER|MACHINE`: logs in with OpenSSH, and accepts only the host key that Warmpool gave the machine. */
export function ssh(program: Command, cli: Cli): void {
  program
    .command("ssh")
    .description("log in to a tester's machine, or to any machine as root, or run a command there")
    .argument("<whom>", "the tester's username, or the name or id of a machine")
    .argument("[command...]", "command to run there, after --")
    .option("--pool <pool>", "the tester's pool, if there are several")
    .option("-i, --identity <file>", "the private key to log in with")
    .addHelpText(
      "after",
      [
        "",
        "To a machine given by name or id you log in as root, with a key in its",
        "pool's adminSshKeys (only until the hand-over, if the pool has keepAdminKeys",
        "off).",
        "It exits like ssh: with the command's exit code, or 255 if the login failed.",
      ].join("\n"),
    )
    .action(withSession(cli, act));
}

async function act(session: Session, whom: string, command: string[], options: SshOptions): Promise<void> {
  const { target, opensTo, notYet } = await sshTarget(session, whom, options);
  // Keys are no reason not to try: an agent may have the right one.
  const keys = await opensTo().catch(() => []);
  const identity = options.identity ?? localAdminKey(session, target) ?? identityFor(keys);
  session.cli.exitCode = await run(target, identity, command);
  if (session.cli.exitCode !== NO_LOGIN) return;
  if (notYet !== null)
    return session.out.note(`The login failed because the set-up has not finished: ${notYet}`);
  session.out.note(refusal(target, identity, keys));
  session.out.note(`\`${next(session, "ssh", whom, "--identity FILE")}\` selects the private key.`);
}

/** What ssh ends with where it did not get in. */
const NO_LOGIN = 255;

function refusal({ name, user }: SshTarget, identity: string | undefined, keys: string[]): string {
  const offered = identity === undefined ? "no named key" : `the key ${identity}`;
  const opening = keys.length === 0 ? "No accepted key is known" : `Accepted keys: ${keys.join(", ")}`;
  return `The login on ${name} as ${user} failed (offered: ${offered}). ${opening}.`;
}

/** The key that `npm start` made for root on the machines of its own stack; nobody has another one for them. */
function localAdminKey({ stateDir, url }: Session, { user }: SshTarget): string | undefined {
  const key = join(stateDir, "admin_key");
  return user === "root" && readLocal(stateDir)?.url === url && existsSync(key) ? key : undefined;
}

/** Runs ssh on this terminal until it ends; its exit code, or 128 and the signal's number as a shell has it. */
async function run(machine: SshTarget, identity: string | undefined, command: string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "warmpool-ssh-"));
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  // Ctrl-C on a terminal reaches ssh by itself: it is ssh that decides what it means.
  const ignore = () => {};
  const file = join(folder, "known_hosts");
  writeFileSync(file, knownHosts(machine), { mode: 0o600 });
  process.on("SIGINT", ignore);
  process.on("SIGTERM", forward);
  process.on("SIGHUP", forward);
  const child = spawn("ssh", sshArguments(machine, file, identity, command), { stdio: "inherit" });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error) => reject(startFailure(error)));
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", forward);
    process.off("SIGHUP", forward);
    rmSync(folder, { recursive: true });
  }
}

function startFailure(error: Error): CliError {
  const missing = "code" in error && error.code === "ENOENT";
  return new CliError(
    EXIT.failed,
    missing ? "the program ssh is not installed on this machine." : `cannot start ssh: ${error.message}.`,
    missing ? "Install OpenSSH's client (Debian: openssh-client)." : null,
  );
}
