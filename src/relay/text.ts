/** Cutting of text to what the contract lets through. */

/** The last `max` characters, marked where something is missing in front. */
export function tail(text: string, max: number): string {
  const trimmed = text.trimEnd();
  return trimmed.length <= max ? trimmed : `…${trimmed.slice(trimmed.length - max + 1)}`;
}

/** The first `max` characters, marked where something is missing at the end. */
export function head(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

/** Postgres stores no NUL, and a terminal should not meet one either. */
export function printable(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\uFFFD");
}

/** At most `max` characters over all values, each with a fair share of it; the ends of texts are what is kept. */
export function capped(evidence: Record<string, string>, max = 64 * 1024): Record<string, string> {
  const entries = Object.entries(evidence)
    .filter(([, text]) => text !== "")
    .slice(0, 20);
  const share = Math.floor(max / Math.max(1, entries.length));
  return Object.fromEntries(
    entries.map(([name, text]) => [head(name, 50), tail(text.replaceAll("\0", "\uFFFD"), share)]),
  );
}
