import { escaped, printableJson } from "../contract/foreign.ts";
import { head } from "./text.ts";

/** Plain log lines on stderr: `time level text key=value …`. Callers pass names and causes, never secrets. */
export type Log = {
  info(text: string, fields?: Fields): void;
  warn(text: string, fields?: Fields): void;
};
type Fields = Record<string, string | number | null>;

export const log: Log = {
  info: (text, fields) => write("info", text, fields),
  warn: (text, fields) => write("warn", text, fields),
};

function write(level: string, text: string, fields: Fields = {}): void {
  process.stderr.write(`${logLine(new Date(), level, text, fields)}\n`);
}

/** Of what a machine has said: nobody reads more of it in a log. */
const LONGEST = 4200;

/** One line, whatever the values hold. */
export function logLine(at: Date, level: string, text: string, fields: Fields): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${plain(head(String(value), LONGEST))}`);
  return [at.toISOString(), level, escaped(text), ...pairs].join(" ");
}

function plain(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : printableJson(value);
}
