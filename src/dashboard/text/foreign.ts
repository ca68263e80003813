/**
 * Text from machines and persons. It is shown as text only: React escapes it, and here what a terminal would obey is
 * taken out. Pure.
 */

// eslint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
/** Control characters, marks that change direction, and characters without a shape; tabs and line ends stay. */
const UNSEEN = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Lines of a log as they are shown: without colours, and of a line that was redrawn (CR) what was left of it. */
export function plain(text: string): string {
  const lines = text.replace(ANSI, "").replaceAll("\r\n", "\n").split("\n");
  return lines
    .map((line) => (line.includes("\r") ? lastDrawn(line) : line))
    .join("\n")
    .replace(UNSEEN, "\uFFFD");
}

function lastDrawn(line: string): string {
  const drawn = line.split("\r").filter((part) => part !== "");
  return drawn.at(-1) ?? "";
}

/** The address that an output may be a link to: http or https and nothing else; null for any other text. */
export function linkOf(text: string): string | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const { protocol, href, username, password } = new URL(text);
  // A name before @ looks like the host to whoever reads it.
  if (username !== "" || password !== "") return null;
  return protocol === "http:" || protocol === "https:" ? href : null;
}

/** The outputs of a set-up, `url` first, the others by name. */
export function sortedOutputs(outputs: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(outputs).toSorted(([one], [other]) =>
    one === "url" ? -1 : other === "url" ? 1 : one < other ? -1 : 1,
  );
}

/** The plain ssh command for a machine. */
export function sshCommand({ host, port, user }: { host: string; port: number; user: string }): string {
  return `ssh ${port === 22 ? "" : `-p ${port} `}${user}@${host}`;
}
