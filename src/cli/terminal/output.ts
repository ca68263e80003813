import pc from "picocolors";
import { escaped, printableJson } from "../../contract/foreign.ts";
import { csvText } from "./csv.ts";
import type { Cell } from "./csv.ts";
import { clean, wrap } from "./text.ts";

/** A terminal, or a file or a pipe, which have no `isTTY`. */
export type Stream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };
export type Colors = ReturnType<typeof pc.createColors>;

/**
 * Where a verb's words go: answers to standard output, everything about the doing of it to standard error, so that
 * `--json` and pipes get answers only. Nothing else writes to them. Whatever in those words came from elsewhere, only
 * letters reach the terminal: what it would obey is shown as an escape here, last of all, and our own colours pass.
 */
export type Output = {
  /** Lines of the answer: one each, whatever they hold. */
  print: (...lines: string[]) => void;
  /** Text of the answer, of as many lines as it has, without a line end of its own. */
  write: (text: string) => void;
  /** The answer as JSON, just what the API gave; what a terminal would obey is escaped in it. */
  json: (value: unknown) => void;
  /** The same on one line, for answers that follow each other. */
  jsonLine: (value: unknown) => void;
  /** Rows of the answer as CSV. */
  csv: (records: readonly (readonly Cell[])[]) => void;
  /** A remark for a person, wrapped, to standard error. */
  note: (text: string) => void;
  /** Lines that a person should see before or beside the answer, as they are, to standard error. */
  noteLines: (...lines: string[]) => void;
  /** A remark for a program, on one line of standard error. */
  noteJson: (value: unknown) => void;
  /** Columns to lay text out for: the terminal's, 80 at most. */
  columns: number;
  /** Columns for tables: the terminal's, or what COLUMNS says; without end in a file or a pipe. */
  tableColumns: number;
  colors: Colors;
  /** Standard error, as it is: for a view that redraws itself where that is a terminal (src/cli/views/progressView.ts). */
  progress: Stream;
  /** Standard output, as it is: for a view that redraws the whole terminal (src/cli/terminal/screen.ts). */
  screen: Stream;
};

export function terminalOutput(stdout: Stream, stderr: Stream, env: NodeJS.ProcessEnv): Output {
  const columns = columnsOf(stdout);
  return {
    print: (...lines) => stdout.write(lines.map((line) => `${shown(line)}\n`).join("")),
    write: (text) => stdout.write(escaped(text, "\n\t")),
    json: (value) => stdout.write(`${printableJson(value, 2)}\n`),
    jsonLine: (value) => stdout.write(`${printableJson(value)}\n`),
    csv: (records) => stdout.write(csvText(records)),
    note: (text) => stderr.write(`${wrap(clean(text), columnsOf(stderr)).map(shown).join("\n")}\n`),
    noteLines: (...lines) => stderr.write(lines.map((line) => `${shown(line)}\n`).join("")),
    noteJson: (value) => stderr.write(`${printableJson(value)}\n`),
    columns,
    tableColumns: tableColumnsOf(stdout, env),
    colors: colorsFor(stdout, env),
    progress: stderr,
    screen: stdout,
  };
}

/** The same output where the whole answer is YAML: one document, or with `jsonLine` one for each answer. */
export function yamlOutput(out: Output, yamlText: (value: unknown) => string): Output {
  return {
    ...out,
    json: (value) => out.write(yamlText(value)),
    jsonLine: (value) => out.write(`---\n${yamlText(value)}`),
  };
}

/** What src/cli paints with: words that came from elsewhere are `clean` before they are painted. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const COLOR = /(\u001b\[(?:[12]|22|3[0-7]|39)m)/;

/** A line as it may reach a terminal. */
export function shown(line: string): string {
  return line
    .split(COLOR)
    .map((part, at) => (at % 2 === 1 ? part : escaped(part, "\t")))
    .join("");
}

/** Colours only on a terminal, and not where NO_COLOR is set (https://no-color.org) or the terminal is dumb. */
export function colorsFor(stream: Stream, env: NodeJS.ProcessEnv): Colors {
  const unwanted = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return pc.createColors(stream.isTTY === true && !unwanted);
}

/** A terminal's columns, 80 at most; 80 for a file or a pipe. */
export function columnsOf(stream: Stream): number {
  return stream.isTTY === true && stream.columns ? Math.min(80, stream.columns) : 80;
}

/** What a person who says COLUMNS means holds for a pipe too; otherwise what is cut there is lost to the next program. */
export function tableColumnsOf(stream: Stream, env: NodeJS.ProcessEnv): number {
  const wished = /^[1-9]\d{1,3}$/.test(env["COLUMNS"] ?? "") ? Number(env["COLUMNS"]) : null;
  if (stream.isTTY === true && stream.columns) return stream.columns;
  return wished ?? Number.POSITIVE_INFINITY;
}
