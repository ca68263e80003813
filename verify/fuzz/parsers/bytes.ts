import * as fc from "fast-check";

/** What breaks parsers: ends, escapes, numbers at their edges, names that objects inherit, characters that are none. */
const TOKENS = [
  ...[
    "",
    "\0",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\u001b[2J",
    "\u009b",
    "\u202e",
    "\ud800",
    "\ufeff",
    "😀",
    "é",
    "\\",
  ],
  ...[
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "::",
    "=",
    "%",
    "/",
    "..",
    "#",
    "@",
    "$(id)",
    "`",
    "*",
    "+",
    "(",
    "?",
  ],
  ...["null", "true", "-1", "0", "1e999", "1.5", "9007199254740993", "9".repeat(400), "NaN", "0-", "5-2"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty"],
];

/** One change of a text at one place. */
type Change = { how: "insert" | "replace" | "drop" | "repeat"; at: number; length: number; token: string };

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom("insert", "replace", "drop", "repeat"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
    fc.integer({ min: 1, max: 400 }),
  ),
  token: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TOKENS) },
    fc.string({ unit: "binary", maxLength: 20 }),
  ),
});

function changed(text: string, { how, at, length, token }: Change): string {
  const from = Math.floor(at * text.length);
  const [before, part, after] = [
    text.slice(0, from),
    text.slice(from, from + length),
    text.slice(from + length),
  ];
  switch (how) {
    case "insert":
      return `${before}${token}${part}${after}`;
    case "replace":
      return `${before}${token}${after}`;
    case "drop":
      return before + after;
    case "repeat":
      return before + part.repeat(Math.min(200, Math.ceil(20_000 / Math.max(1, part.length)))) + after;
  }
}

/** Texts that are near to good ones: none of the parts, a few or many of them changed. And some that are near to nothing. */
export function damaged(samples: readonly string[]): fc.Arbitrary<string> {
  const near = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 6 }))
    .map(([text, changes]) => changes.reduce(changed, text).slice(0, 300_000));
  return fc.oneof({ weight: 9, arbitrary: near }, fc.string({ unit: "binary", maxLength: 400 }));
}

/** Values as JSON brings them, near to good ones; what is no JSON any more is left out. */
export function damagedJson(samples: readonly unknown[]): fc.Arbitrary<unknown> {
  return damaged(samples.map((sample) => JSON.stringify(sample))).map((text): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  });
}
