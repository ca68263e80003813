import { Command } from "commander";
import { escaped } from "../contract/foreign.ts";
import { assign } from "./assign.ts";
import { completion } from "./completion.ts";
import { capacity } from "./capacity.ts";
import { doctor } from "./doctor.ts";
import { driver } from "./driver.ts";
import { duties } from "./duties.ts";
import { importVerb } from "./import.ts";
import { log } from "./log.ts";
import { machine } from "./machine.ts";
import { migrate } from "./migrate.ts";
import { node } from "./node.ts";
import { packageVersion } from "./packageVersion.ts";
import { pool } from "./pool.ts";
import { recipe } from "./recipe.ts";
import { relay } from "./relay.ts";
import { events } from "./events.ts";
import { extend } from "./extend.ts";
import { release } from "./release.ts";
import { retry } from "./retry.ts";
import { settings } from "./settings.ts";
import { globalOptions } from "./session.ts";
import type { Cli } from "./session.ts";
import { ssh } from "./ssh.ts";
import { status } from "./status.ts";
import { sweep } from "./sweep.ts";
import { tester } from "./tester.ts";
import { token } from "./token.ts";

/** In the order `--help` shows them: what is asked daily first. */
const VERBS = [
  status,
  assign,
  tester,
  log,
  release,
  extend,
  retry,
  ssh,
  machine,
  pool,
  node,
  recipe,
  capacity,
  sweep,
  duties,
  events,
  token,
  settings,
  doctor,
  importVerb,
  migrate,
  relay,
  driver,
  completion,
];

export const HELP = "--help tells how a verb is used";

/**
 * The whole command line as commander's tree: what runs, what `--help`, completion and docs/cli.md are made from.
 * @param json whether the caller tells what was typed wrong, as JSON, and nothing is to be said of it here
 */
export function buildProgram(cli: Cli, json = false): Command {
  const program = new Command("warmpool")
    .description("A warm machine for every tester: assign, watch, log in, release.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError(`(${HELP})`)
    .configureHelp({ showGlobalOptions: true, helpWidth: cli.out.columns })
    .configureOutput({
      writeOut: cli.out.write,
      writeErr: (text) => (json ? undefined : cli.out.progress.write(escaped(text, "\n"))),
      outputError: (text) => (json ? undefined : cli.out.note(`warmpool: ${typedWrong(text)}`)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  globalOptions(program);
  for (const verb of VERBS) verb(program, cli);
  return program;
}

/** What commander says of wrong use, without its own beginning. */
export function typedWrong(text: string): string {
  return text
    .replace(/^error: /, "")
    .trimEnd()
    .replaceAll("\n", " ");
}
