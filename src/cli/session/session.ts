import type { Command } from "commander";
import { createClient } from "../../client/index.ts";
import type { WarmpoolClient } from "../../client/index.ts";
import type { Ask } from "../terminal/ask.ts";
import type { Output } from "../terminal/output.ts";
import { targetOf } from "./target.ts";
import type { TargetOptions } from "./target.ts";
import { clean, wrap } from "../terminal/text.ts";

/** One run of the command line: what it writes to, and how it ends. */
export type Cli = {
  out: Output;
  env: NodeJS.ProcessEnv;
  /** Where the run talks to, once that is known: failures name it. */
  url: string | null;
  exitCode: number;
  /** Asks the person at the terminal; null where there is none. */
  ask: Ask | null;
};

/** What a verb that talks to the API works with. */
export type Session = {
  cli: Cli;
  client: WarmpoolClient;
  url: string;
  /** Where the local stack is kept, if this talks to one. */
  stateDir: string;
  json: boolean;
  out: Output;
  sameTarget: string[];
};

export type GlobalOptions = TargetOptions & { json?: true };

export const DEFAULT_STATE_DIR = ".warmpool";

/** The options that every verb has, given before or after it. */
export function globalOptions(program: Command): void {
  program
    .option("--url <url>", "URL of Warmpool (default: WARMPOOL_URL, else the local one)")
    .option("--token <token>", "the API token; safer in WARMPOOL_TOKEN, which other users cannot see")
    .option("--state-dir <dir>", "folder of the local Warmpool that npm start runs", DEFAULT_STATE_DIR)
    .option("--json", "print the API's answer unchanged");
}

/** Turns what a verb does into what commander calls: `act` gets a session, then the verb's arguments and options. */
export function withSession<Arguments extends unknown[]>(
  cli: Cli,
  act: (session: Session, ...args: Arguments) => Promise<void>,
): (this: Command, ...args: Arguments) => Promise<void> {
  return async function (...args) {
    const options = this.optsWithGlobals<GlobalOptions>();
    const { url, token } = targetOf(options, cli.env);
    cli.url = url;
    const client = createClient({ url, token });
    await act(
      {
        cli,
        client,
        url,
        stateDir: options.stateDir,
        json: options.json === true,
        out: cli.out,
        sameTarget: sameTarget(options),
      },
      ...args,
    );
  };
}

/** A command line to try next, talking to the same Warmpool as this one. */
export function next(session: Pick<Session, "sameTarget">, ...words: string[]): string {
  return ["npx warmpool", ...words, ...session.sameTarget].join(" ");
}

/** What has to be said again for the next command to reach the same place: options that were given, but no token. */
function sameTarget({ url, stateDir }: GlobalOptions): string[] {
  return [
    ...(url === undefined ? [] : ["--url", shellWord(url)]),
    ...(stateDir === DEFAULT_STATE_DIR ? [] : ["--state-dir", shellWord(stateDir)]),
  ];
}

/** A word as a shell has to be given it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Prints the API's answer: as it is under `--json`, else as the lines that `show` makes of it. */
export function answer<T>(session: Session, value: T, show: (value: T) => string[]): void {
  if (session.json) session.out.json(value);
  else session.out.print(...show(value));
}

/** As `answer`, where `say` makes sentences: each is wrapped, what stands between backticks stays whole. */
export function answerInWords<T>(session: Session, value: T, say: (value: T) => string[]): void {
  answer(session, value, (one) => say(one).flatMap((sentence) => wrap(clean(sentence), session.out.columns)));
}
