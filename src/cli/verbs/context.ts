import type { Command } from "commander";
import { readText } from "../inputs/jsonFile.ts";
import {
  checkedName,
  contextNamed,
  contextsPath,
  readContexts,
  withContext,
  withoutContext,
  writeContexts,
} from "../session/contexts.ts";
import { formedOutput, printed } from "../session/session.ts";
import type { Cli, GlobalOptions } from "../session/session.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { listOf } from "../terminal/listing.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";

type AddOptions = GlobalOptions & { tokenFile: string; replace?: true };

/** `warmpool context add|use|list|remove`: the Warmpools that this user talks to, by name. Talks to none of them. */
export function context(program: Command, cli: Cli): void {
  const verb = program.command("context").description("the Warmpools that you talk to, by name");
  verb
    .command("add")
    .description("store the URL and the token of a Warmpool (--url) under a name")
    .argument("<name>", "a name for it")
    .requiredOption(
      "--token-file <file>",
      "the file with its token, which is then kept in the context; required",
    )
    .option("--replace", "also if there is a context of that name")
    .action(function (this: Command, name: string) {
      add(cli, name, this.optsWithGlobals<AddOptions>());
    });
  verb
    .command("use")
    .description("talk to this one unless told otherwise")
    .argument("[name]", "its name")
    .option("--none", "use no context: the environment, or the local Warmpool")
    .action((name: string | undefined, { none }: { none?: true }) => {
      use(cli, name, none === true);
    });
  verb
    .command("list")
    .description("list the contexts, without their tokens")
    .action(async function (this: Command) {
      await list(cli, this.optsWithGlobals<GlobalOptions>());
    });
  verb
    .command("remove")
    .description("forget a context and its token; the token itself stays valid")
    .argument("<name>", "its name")
    .action((name: string) => {
      remove(cli, name);
    });
}

function add({ env, out }: Cli, given: string, { url, token, tokenFile, replace }: AddOptions): void {
  const name = checkedName(given);
  if (token !== undefined) {
    // Other users see the arguments of a process.
    throw new CliError(
      EXIT.wrongUse,
      "a context takes its token from a file: give --token-file, not --token.",
    );
  }
  if (url === undefined) throw new CliError(EXIT.wrongUse, "there is no --url for the context.");
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || url.includes("@"))
    throw new CliError(
      EXIT.wrongUse,
      `"${url}" is not a URL of a Warmpool, such as https://warmpool.example.com.`,
    );
  const text = readText(tokenFile).trim();
  if (!/^\S+$/.test(text)) throw new CliError(EXIT.wrongUse, `${tokenFile} does not hold one token.`);
  const before = readContexts(env);
  if (Object.hasOwn(before.contexts, name) && replace !== true)
    throw new CliError(
      EXIT.conflict,
      `there is a context ${name} already.`,
      "Add --replace to overwrite it.",
    );
  writeContexts(env, withContext(before, name, { url, token: text }));
  out.print(`Context ${name} is stored in ${contextsPath(env)}.`);
  if (before.current !== name) out.note(`Next: \`npx warmpool context use ${name}\``);
}

function use({ env, out }: Cli, name: string | undefined, none: boolean): void {
  if ((name === undefined) !== none)
    throw new CliError(EXIT.wrongUse, "give the name of a context, or --none.");
  const before = readContexts(env);
  if (name !== undefined) contextNamed(before, name);
  writeContexts(env, { ...before, current: name ?? null });
  out.print(name === undefined ? "No context is in use." : `Context ${name} is in use.`);
}

type Row = { name: string; url: string; current: boolean };
const COLUMNS: Column<Row>[] = [
  { title: "CONTEXT", value: ({ name }) => name, keep: true },
  { title: "URL", value: ({ url }) => url, keep: true },
  {
    title: "",
    name: "CURRENT",
    value: ({ current }) => (current ? "in use" : ""),
    raw: ({ current }) => current,
  },
];
const CONTEXTS = listOf(COLUMNS);

async function list(cli: Cli, options: GlobalOptions): Promise<void> {
  const formed = await formedOutput(cli, options, CONTEXTS);
  const { current, contexts } = readContexts(cli.env);
  const rows = Object.entries(contexts)
    .map(([name, { url }]) => ({ name, url, current: name === current }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (printed(formed, rows, CONTEXTS)) return;
  cli.out.print(
    ...(rows.length === 0
      ? ["No context yet. Add one with `npx warmpool context add NAME --url URL --token-file FILE`."]
      : table(COLUMNS, rows, cli.out.tableColumns)),
  );
}

function remove({ env, out }: Cli, name: string): void {
  const before = readContexts(env);
  contextNamed(before, name);
  writeContexts(env, withoutContext(before, name));
  out.print(`Context ${name} is removed.`);
  if (before.current === name) out.note("It was in use; none is now.");
}
