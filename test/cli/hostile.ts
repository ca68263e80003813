/**
 * What no terminal may be given: it sets the title, clears the screen, turns the direction, begins another line, and
 * paints. In every text of an answer, also where the API would have refused it: the command line trusts nobody.
 */
const HOSTILE = "\u001b]0;x\u0007\u009b2J\u202e\u2066\u2028\u2029\u0085\u007f\ufeff\r\nINJECTED\t\u001b[45m";

/** Read by the command line itself, as codes and moments. */
const CODES = new Set(
  (
    "id state phase kind type status answer outcome scheduling instanceType nextCursor role code operation " +
    "storageProof reason duty placement fingerprint version"
  ).split(" "),
);
const MOMENT = /^\d{4}-\d\d-\d\dT/;

/** The value with the hostile text behind every text in it, names of members that are no fields of ours included. */
export function hostile(value: unknown, field = ""): unknown {
  if (typeof value === "string") return CODES.has(field) || MOMENT.test(value) ? value : value + HOSTILE;
  if (Array.isArray(value)) return value.map((part) => hostile(part, field));
  if (typeof value !== "object" || value === null) return value;
  const isMap = ["outputs", "evidence"].includes(field);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [isMap ? name + HOSTILE : name, hostile(part, name)]),
  );
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const COLOR = /\u001b\[(?:[12]|22|3[0-7]|39)m/g;

/** What of a text a terminal would obey; colours as the command line paints with them are its own. */
export function obeyed(text: string): string[] {
  const plain = text.replaceAll(COLOR, "").replaceAll(/[\n\t]/g, "");
  const found = plain.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu) ?? [];
  return [...new Set([...found, ...(text.match(/^INJECTED/gm) ?? [])])].map((one) => JSON.stringify(one));
}
