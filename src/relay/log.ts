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

/** One line, whatever the values hold. */
export function logLine(at: Date, level: string, text: string, fields: Fields): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${plain(String(value))}`);
  return [at.toISOString(), level, text, ...pairs].join(" ");
}

function plain(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}
