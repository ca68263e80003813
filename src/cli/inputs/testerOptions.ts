import type { Command, CommandOptions } from "commander";

/** What every verb about one tester takes besides the name. */
export type TesterOptions = { pool?: string };

/** Declares `VERB USER [--pool POOL]`. */
export function testerVerb(
  program: Command,
  name: string,
  description: string,
  options: CommandOptions = {},
): Command {
  return program
    .command(name, options)
    .description(description)
    .argument("<user>", "the tester's username")
    .option("--pool <pool>", "the pool, if there are several");
}

/** `USER`, and the pool where one was given: for a command line to try next. */
export function testerWords(username: string, { pool }: TesterOptions): string[] {
  return pool === undefined ? [username] : [username, "--pool", pool];
}

/** The API's input for one tester. */
export function testerOf(username: string, options: TesterOptions): { username: string; pool?: string } {
  return options.pool === undefined ? { username } : { username, pool: options.pool };
}
