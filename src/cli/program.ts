import { Command } from "commander";
import { escaped } from "../contract/foreign.ts";
import { apply } from "./verbs/apply.ts";
import { assign } from "./verbs/assign.ts";
import { completion } from "./verbs/completion.ts";
import { capacity } from "./verbs/capacity.ts";
import { context } from "./verbs/context.ts";
import { dashboard } from "./verbs/dashboard.ts";
import { doctor } from "./verbs/doctor.ts";
import { driver } from "./verbs/driver.ts";
import { duties } from "./verbs/duties.ts";
import { importVerb } from "./verbs/import.ts";
import { importTesters } from "./verbs/importTesters.ts";
import { log } from "./verbs/log.ts";
import { machine } from "./verbs/machine.ts";
import { migrate } from "./verbs/migrate.ts";
import { node } from "./verbs/node.ts";
import { packageVersion } from "./session/packageVersion.ts";
import { pool } from "./verbs/pool.ts";
import { recipe } from "./verbs/recipe.ts";
import { relay } from "./verbs/relay.ts";
import { events } from "./verbs/events.ts";
import { extend } from "./verbs/extend.ts";
import { release } from "./verbs/release.ts";
import { retry } from "./verbs/retry.ts";
import { settings } from "./verbs/settings.ts";
import { globalOptions } from "./session/session.ts";
import type { Cli } from "./session/session.ts";
import { ssh } from "./verbs/ssh.ts";
import { status } from "./verbs/status.ts";
import { server } from "./verbs/server.ts";
import { sweep } from "./verbs/sweep.ts";
import { tester } from "./verbs/tester.ts";
import { token } from "./verbs/token.ts";
import { top } from "./verbs/top.ts";
import { webhook } from "./verbs/webhook.ts";

/** In the order `--help` shows them: what is asked daily first. */
const VERBS = [
  status,
  top,
  dashboard,
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
  webhook,
  context,
  doctor,
  apply,
  importVerb,
  importTesters,
  server,
  migrate,
  relay,
  driver,
  completion,
];

export const HELP = "--help shows how to use a verb";

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
