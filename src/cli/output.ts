import pc from "picocolors";
import { clean, wrap } from "./text.ts";

/** A terminal, or a file or a pipe, which have no `isTTY`. */
export type Stream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
export type Colors = ReturnType<typeof pc.createColors>;

/**
 * Where a verb's words go: answers to standard output, everything about the doing of it to standard error, so that
 * `--json` and pipes get answers only.
 */
export type Output = {
  /** Lines of the answer. */
  print: (...lines: string[]) => void;
  /** Text of the answer as it is, without a line end of its own. */
  write: (text: string) => void;
  /** The answer as JSON, exactly as the API gave it. */
  json: (value: unknown) => void;
  /** A remark for a person, wrapped, to standard error. */
  note: (text: string) => void;
  /** Columns to lay out for: the terminal's, 80 at most. */
  columns: number;
  colors: Colors;
  /** Standard error, for a view that redraws itself where that is a terminal. */
  progress: Stream;
};

export function terminalOutput(stdout: Stream, stderr: Stream, env: NodeJS.ProcessEnv): Output {
  const columns = columnsOf(stdout);
  return {
    print: (...lines) => stdout.write(lines.map((line) => `${line}\n`).join("")),
    write: (text) => stdout.write(text),
    json: (value) => stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => stderr.write(`${wrap(clean(text), columnsOf(stderr)).join("\n")}\n`),
    columns,
    colors: colorsFor(stdout, env),
    progress: stderr,
  };
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
