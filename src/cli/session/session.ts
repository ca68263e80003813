import type { Command } from "commander";
import { createClient } from "../../client/index.ts";
import type { WarmpoolClient } from "../../client/index.ts";
import { stateFolderOf } from "../../contract/stateFolder.ts";
import type { Ask } from "../terminal/ask.ts";
import { formOf, formOptions, isWhole } from "../terminal/form.ts";
import type { Form, FormOptions, Titled } from "../terminal/form.ts";
import { tabular } from "../terminal/listing.ts";
import type { Listing } from "../terminal/listing.ts";
import { yamlOutput } from "../terminal/output.ts";
import type { Output } from "../terminal/output.ts";
import { targetOf } from "./target.ts";
import type { TargetOptions } from "./target.ts";
import { clean, wrap } from "../terminal/text.ts";
import { commandWith, inOurWords } from "../terminal/said.ts";
import type { Command as Words } from "../terminal/said.ts";

/** One run of the command line: what it writes to, and how it ends. */
export type Cli = {
  out: Output;
  env: NodeJS.ProcessEnv;
  /** Where the run talks to, once that is known: failures name it. */
  url: string | null;
  exitCode: number;
  /** Asks the person at the terminal; null where there is none. */
  ask: Ask | null;
  /** Options that another command line needs to talk to the same Warmpool, once they are known. */
  sameTarget?: string[];
};

/** What a verb that talks to the API works with. */
export type Session = {
  cli: Cli;
  client: WarmpoolClient;
  url: string;
  /** Where the local stack is kept, if this talks to one. */
  stateDir: string;
  form: Form;
  /** Whether the whole answer is printed, by `out.json`: as JSON, or as YAML if that was asked for. */
  json: boolean;
  out: Output;
  sameTarget: string[];
};

export type GlobalOptions = TargetOptions & FormOptions;

/** The options that every verb has, given before or after it. */
export function globalOptions(program: Command): void {
  const targeted = program
    .option("--url <url>", "URL of Warmpool (default: WARMPOOL_URL, the context in use, the local one)")
    .option("--token <token>", "the API token; safer in WARMPOOL_TOKEN, which other users cannot see")
    .option("--context <name>", "the context to use (default: WARMPOOL_CONTEXT, or `context use`)")
    .option(
      "--state-dir <dir>",
      "folder of the local Warmpool that npm start runs (default: WARMPOOL_STATE_DIR, else .warmpool)",
    );
  formOptions(targeted);
}

/**
 * Turns what a verb does into what commander calls: `act` gets a session, then the verb's arguments and options.
 * @param listing the columns of the verb's table, if it prints one; it passes the same to `answer`
 */
export function withSession<Arguments extends unknown[]>(
  cli: Cli,
  act: (session: Session, ...args: Arguments) => Promise<void>,
  listing: { columns: readonly Titled[] } | null = null,
): (this: Command, ...args: Arguments) => Promise<void> {
  return async function (...args) {
    const options = this.optsWithGlobals<GlobalOptions>();
    const formed = await formedOutput(cli, options, listing);
    const { url, token } = targetOf(options, cli.env);
    cli.url = url;
    cli.sameTarget = sameTarget(options);
    const client = createClient({ url, token });
    await act(
      {
        cli,
        client,
        url,
        stateDir: stateFolderOf(options.stateDir, cli.env),
        ...formed,
        sameTarget: cli.sameTarget,
      },
      ...args,
    );
  };
}

/** A command line to try next, talking to the same Warmpool as this one. */
export function next(session: Pick<Session, "sameTarget">, ...words: string[]): string {
  return commandWith(session.sameTarget)(...words);
}

/** Makes command lines to try next, for what prints several. */
export function commandOf(session: Pick<Session, "sameTarget">): Words {
  return commandWith(session.sameTarget);
}

/** A sentence of the API, in the form that this command line uses. */
export function inWords(session: Pick<Session, "sameTarget">, text: string): string {
  return inOurWords(text, commandOf(session), Date.now());
}

/** What has to be said again for the next command to reach the same place: options that were given, but no token. */
function sameTarget({ url, context, stateDir }: GlobalOptions): string[] {
  return [
    ...(url === undefined ? [] : ["--url", shellWord(url)]),
    ...(context === undefined ? [] : ["--context", shellWord(context)]),
    ...(stateDir === undefined ? [] : ["--state-dir", shellWord(stateDir)]),
  ];
}

/** A word as a shell has to be given it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Where an answer goes, and in which form.
 * @throws CliError (wrong use) if the verb cannot print it so
 */
export async function formedOutput(
  { out }: Pick<Cli, "out">,
  options: FormOptions,
  listing: { columns: readonly Titled[] } | null,
): Promise<Pick<Session, "form" | "json" | "out">> {
  const form = formOf(options, listing?.columns ?? null);
  if (form.format !== "yaml") return { form, json: isWhole(form), out };
  const { yamlText } = await import("../terminal/yaml.ts");
  return { form, json: true, out: yamlOutput(out, yamlText) };
}

/**
 * Prints the API's answer if a form of it was asked for: whole, or as a table or CSV of its rows.
 * @returns false if it is to be shown as the verb shows it
 */
export function printed<T, Row>(
  { form, json, out }: Pick<Session, "form" | "json" | "out">,
  value: T,
  listing: Listing<T, Row> | null,
): boolean {
  if (json) {
    out.json(value);
    return true;
  }
  const asked = listing === null ? null : tabular(form, listing, value, out.tableColumns);
  if (asked === null) return false;
  if ("records" in asked) out.csv(asked.records);
  else out.print(...asked.lines);
  return true;
}

/** Prints the API's answer: in the form that was asked for, else as the lines that `show` makes of it. */
export function answer<T, Row = never>(
  session: Session,
  value: T,
  show: (value: T) => string[],
  listing: Listing<T, Row> | null = null,
): void {
  if (!printed(session, value, listing)) session.out.print(...show(value));
}

/** As `answer`, where `say` makes sentences: each is wrapped, what stands between backticks stays whole. */
export function answerInWords<T>(session: Session, value: T, say: (value: T) => string[]): void {
  answer(session, value, (one) => say(one).flatMap((sentence) => wrap(clean(sentence), session.out.columns)));
}
