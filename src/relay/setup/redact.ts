/** A line of a secret shorter than this is no secret by itself, and would black out half of a log. */
const SHORTEST = 4;
const MASK = "***";

/** Blacks out secrets, and every line of those that have several. The log is cut into lines, so each line is enough. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const parts = secrets
    .flatMap((secret) => secret.split(/\r?\n/))
    .map((part) => part.trim())
    .filter((part) => part.length >= SHORTEST)
    // The longest first, so that one that contains another goes as a whole.
    .toSorted((one, other) => other.length - one.length);
  return (text) => parts.reduce((left, part) => left.replaceAll(part, MASK), text);
}
