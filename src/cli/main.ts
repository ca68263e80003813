import { CommanderError } from "commander";
import { EXIT } from "./terminal/exit.ts";
import { failureJson, failureOf } from "./terminal/failure.ts";
import type { Failure } from "./terminal/failure.ts";
import { terminalOutput } from "./terminal/output.ts";
import type { Stream } from "./terminal/output.ts";
import { type Ask, terminalAsk } from "./terminal/ask.ts";
import { asksForWhole } from "./terminal/form.ts";
import { buildProgram, HELP, typedWrong } from "./program.ts";
import type { Cli } from "./session/session.ts";
import { asTyped, commandWith } from "./terminal/said.ts";

/** Runs one command line (without the program's name) and returns its exit code; nothing is thrown. */
export async function main(
  args: string[],
  stdout: Stream,
  stderr: Stream,
  env: NodeJS.ProcessEnv,
  ask: Ask | null = null,
): Promise<number> {
  const json = asksForWhole(args);
  const cli: Cli = { out: terminalOutput(stdout, stderr, env), env, url: null, exitCode: EXIT.done, ask };
  const program = buildProgram(cli, json);
  try {
    await program.parseAsync(args, { from: "user" });
    return cli.exitCode;
  } catch (error) {
    // Help and the version are no error.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    // Commander has said it already, unless it is to be JSON.
    if (error instanceof CommanderError && !json) return EXIT.wrongUse;
    const failure =
      error instanceof CommanderError
        ? {
            message: error.code === "commander.help" ? "a verb is missing" : typedWrong(error.message),
            hint: HELP,
            exit: EXIT.wrongUse,
            code: null,
          }
        : typedHere(failureOf(error, cli.url), cli);
    if (json) {
      cli.out.noteJson(failureJson(failure));
      return failure.exit;
    }
    cli.out.note(`warmpool: ${failure.message}`);
    if (failure.hint !== null) cli.out.note(failure.hint);
    return failure.exit;
  }
}

/** With commands that can be typed as they are. */
function typedHere({ message, hint, ...failure }: Failure, { sameTarget = [] }: Cli): Failure {
  const words = (text: string) => asTyped(text, commandWith(sameTarget));
  return { ...failure, message: words(message), hint: hint === null ? null : words(hint) };
}

/** Runs this process as the command line: what bin/warmpool.js calls. */
export async function runProcess(): Promise<void> {
  // A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.failed);
  });
  // Exits at once: what a relay let go (sockets, timers) must not keep the process. Pipes are written synchronously.
  const code = await main(process.argv.slice(2), process.stdout, process.stderr, process.env, terminalAsk());
  process.exit(code);
}
