import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { assign } from "./assign.ts";
import { driver } from "./driver.ts";
import { duties } from "./duties.ts";
import { EXIT } from "./exit.ts";
import { failureOf } from "./failure.ts";
import { log } from "./log.ts";
import { machine } from "./machine.ts";
import { migrate } from "./migrate.ts";
import { node } from "./node.ts";
import { terminalOutput } from "./output.ts";
import type { Stream } from "./output.ts";
import { pool } from "./pool.ts";
import { recipe } from "./recipe.ts";
import { relay } from "./relay.ts";
import { release } from "./release.ts";
import { globalOptions } from "./session.ts";
import type { Cli } from "./session.ts";
import { ssh } from "./ssh.ts";
import { status } from "./status.ts";
import { sweep } from "./sweep.ts";
import { tester } from "./tester.ts";
import { token } from "./token.ts";

const VERBS = [
  status,
  assign,
  tester,
  log,
  release,
  ssh,
  machine,
  pool,
  node,
  recipe,
  sweep,
  duties,
  token,
  migrate,
  relay,
  driver,
];

/** Runs one command line (without the program's name) and returns its exit code; nothing is thrown. */
export async function main(
  args: string[],
  stdout: Stream,
  stderr: Stream,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const cli: Cli = { out: terminalOutput(stdout, stderr, env), env, url: null, exitCode: EXIT.done };
  const program = new Command("warmpool")
    .description("A warm machine for every tester: assign, watch, log in, release.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError("(--help tells how a verb is used)")
    .configureHelp({ showGlobalOptions: true, helpWidth: cli.out.columns })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "warmpool: ")),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  globalOptions(program);
  for (const verb of VERBS) verb(program, cli);
  try {
    await program.parseAsync(args, { from: "user" });
    return cli.exitCode;
  } catch (error) {
    // Commander has said what was wrong already; help and the version are no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
    const failure = failureOf(error, cli.url);
    cli.out.note(`warmpool: ${failure.message}`);
    if (failure.hint !== null) cli.out.note(failure.hint);
    return failure.exit;
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && "version" in parsed
    ? String(parsed.version)
    : "unknown";
}

/** Runs this process as the command line: what bin/warmpool.js calls. */
export async function runProcess(): Promise<void> {
  // A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.failed);
  });
  // Exits at once: what a relay let go (sockets, timers) must not keep the process. Pipes are written synchronously.
  const code = await main(process.argv.slice(2), process.stdout, process.stderr, process.env);
  process.exit(code);
}
