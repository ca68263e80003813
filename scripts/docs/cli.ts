import { Writable } from "node:stream";
import { allCommands, commandTree } from "../../src/cli/session/commandTree.ts";
import type { CommandNode, Value } from "../../src/cli/session/commandTree.ts";
import { type Failure, failureJson } from "../../src/cli/terminal/failure.ts";
import { terminalOutput } from "../../src/cli/terminal/output.ts";
import { buildProgram } from "../../src/cli/program.ts";

/** What shows the form of a failure; test/cli/terminal/pipes.test.ts holds the command line to it. */
export const FAILURE: Failure = {
  code: "NOT_FOUND",
  message: "there is no pool named demo2 (NOT_FOUND).",
  hint: null,
  exit: 3,
};

const FORMS = [
  "\n## Forms of an answer\n",
  "`-o` chooses one:\n",
  "| form | |",
  "|---|---|",
  "| `table` | as people read it: the default |",
  "| `wide` | a table with all columns, nothing cut |",
  "| `csv` | [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), all columns, with the API's own values: moments instead of ages |",
  "| `yaml`, `json` | the whole answer of the API |",
  "",
  "`--columns NAME,STATE` prints only these columns, in this order, as a table or as CSV. `NAME` is also the first",
  "column of a list of named things. An unknown name is refused (exit code 2) with the list of columns.",
  "`--no-headers` leaves out the line of names. Verbs that only confirm what they did have no columns and take `yaml` and",
  "`json`. In every form control characters of foreign text are escaped, as `\\uXXXX`. With `yaml` a failure is the same line",
  "of JSON as with `json`.",
];

/** docs/cli.md: every verb with its arguments and options, from the tree that the command line runs by. */
export function cliDocument(): string {
  const nowhere = new Writable();
  const program = buildProgram({
    out: terminalOutput(nowhere, nowhere, {}),
    env: {},
    url: null,
    exitCode: 0,
    ask: null,
  });
  const root = commandTree(program);
  const verbs = allCommands(root).filter(({ path, children }) => path.length > 0 && children.length === 0);
  const withYes = (needs: RegExp) =>
    verbs
      .flatMap(({ path, options }) => {
        const yes = options.find(({ long }) => long === "--yes");
        const found = needs.exec(yes?.description ?? "");
        const option = found?.[1] === undefined ? "" : ` (\`${found[1]}\`)`;
        return found === null ? [] : [`\`${path.join(" ")}\`${option}`];
      })
      .join(", ");
  return [
    "# The command line\n",
    "`npx warmpool VERB`. Results go to standard output, notes and errors to standard error. Exit codes: 0 done,",
    "1 failed, 2 wrong usage, 3 not found, 4 conflict or no capacity.\n",
    "With `--json` (or `-o json`) a failure is one line of JSON on standard error, and standard output stays empty:\n",
    `\`\`\`json\n${JSON.stringify(failureJson(FAILURE))}\n\`\`\`\n`,
    "`code` is one of the [codes](codes.md), or null if the command itself failed: a wrong option, an unreadable file, no response.",
    "`message` and `hint` (null if there is none) are for people and may change; `exit` is the exit code.\n",
    "Verbs with `--yes` destroy something. On a terminal they show what would happen and ask for confirmation. Without a terminal",
    "(a script, cron, CI) nobody can confirm:\n",
    `- These act at once, which scripts rely on: ${withYes(/not needed$/)}.`,
    `- So do these, but with the option in parentheses they require \`--yes\`: ${withYes(/required with (--\S+) /)}.`,
    `- These require \`--yes\` if machines would be removed: ${withYes(/ and machines would be removed$/)}.`,
    `- This one requires \`--yes\`: ${withYes(/required if there is no terminal$/)}.\n`,
    "Options of every verb:\n",
    ...optionTable(root),
    ...FORMS,
    ...verbs.flatMap(verbLines),
    "",
  ].join("\n");
}

function verbLines(verb: CommandNode): string[] {
  const named = verb.arguments.filter(({ description }) => description !== "");
  return [
    `\n## \`${["warmpool", ...verb.path, ...verb.arguments.map(({ name }) => name)].join(" ")}\`\n`,
    `${capital(verb.description)}.`,
    ...(named.length === 0
      ? []
      : ["", ...named.map(({ name, description }) => `- \`${name}\`: ${description}`)]),
    ...(verb.options.length === 0 ? [] : ["", ...optionTable(verb)]),
  ];
}

function optionTable({ options }: CommandNode): string[] {
  const rows = options.map(
    ({ flags, description, value }) => `| \`${flags}\` | ${cell(description + wordsOf(value))} |`,
  );
  return ["| option | |", "|---|---|", ...rows];
}

function wordsOf(value: Value | null): string {
  return value?.kind === "choice" ? `: ${value.words.map((word) => `\`${word}\``).join(", ")}` : "";
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
