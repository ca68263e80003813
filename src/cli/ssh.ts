import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { headline } from "./assignmentView.ts";
import { CliError, EXIT } from "./exit.ts";
import { next, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { knownHosts, sshArguments } from "./sshArguments.ts";
import type { DialledMachine } from "./sshArguments.ts";
import { testerOf, testerVerb, testerWords } from "./testerOptions.ts";
import type { TesterOptions } from "./testerOptions.ts";

type SshOptions = TesterOptions & { identity?: string };

/** `warmpool ssh USER`: logs in with OpenSSH, and accepts only the host key that Warmpool gave the machine. */
export function ssh(program: Command, cli: Cli): void {
  testerVerb(program, "ssh", "log in, or run a command, on the tester's machine")
    .argument("[command...]", "what to run there, after --")
    .option("-i, --identity <file>", "the private key to log in with")
    .addHelpText("after", "\nIt exits as ssh does: with the command's exit code, or 255 without a login.")
    .action(withSession(cli, act));
}

async function act(session: Session, user: string, command: string[], options: SshOptions): Promise<void> {
  const assignment = await session.client.tester.status.query(testerOf(user, options));
  if (assignment.state === "released") {
    throw new CliError(
      EXIT.notFound,
      `${user} has no machine any more.`,
      `\`${next(session, "assign", ...testerWords(user, options), "--key FILE")}\` gets one.`,
    );
  }
  if (assignment.machine === null) {
    throw new CliError(
      EXIT.conflict,
      `${user} has no machine yet. ${headline(assignment, Date.now())}`,
      `\`${next(session, "tester", ...testerWords(user, options))}\` tells when it is there.`,
    );
  }
  session.cli.exitCode = await run(assignment.machine, options.identity, command);
}

/** Runs ssh on this terminal until it ends; its exit code, or 128 and the signal's number as a shell has it. */
async function run(
  machine: DialledMachine,
  identity: string | undefined,
  command: string[],
): Promise<number> {
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
    missing ? "there is no ssh program on this machine." : `cannot start ssh: ${error.message}.`,
    missing ? "Install OpenSSH's client (Debian: openssh-client)." : null,
  );
}
