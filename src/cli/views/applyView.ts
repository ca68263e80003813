import type { Listing } from "../terminal/listing.ts";
import type { Output } from "../terminal/output.ts";
import { clean, wrap } from "../terminal/text.ts";
import type { Difference } from "./differences.ts";

/** What `warmpool apply` would do, as a diff. Pure. */

/** `leave`: it is declared, and apply cannot bring it about; `text` says what can. */
export type Action = "create" | "change" | "remove" | "none" | "leave";

export type Change = {
  kind: "recipe" | "pool" | "node" | "token";
  name: string;
  action: Action;
  differences: readonly Difference[];
  /** What follows from it, in sentences. */
  text: string;
  /** Whether machines go that are there now. */
  removesMachines: boolean;
};

export type Applied = { applied: boolean; changes: Change[] };

export const CHANGES: Listing<Applied, Change> = {
  columns: [
    { title: "KIND", value: ({ kind }) => kind },
    { title: "NAME", value: ({ name }) => name, keep: true },
    { title: "ACTION", value: ({ action }) => action },
    {
      title: "FIELDS",
      value: ({ differences }) => [...new Set(differences.map(({ path }) => path))].join(" "),
    },
    { title: "TEXT", value: ({ text }) => text },
  ],
  rows: ({ changes }) => changes,
};

const SIGNS = { create: "+", change: "~", remove: "-", leave: "!" } as const;

/** A paragraph for each change, with a line for each member that goes or comes, and last the sum. */
export function planLines(
  changes: readonly Change[],
  { columns, colors }: Pick<Output, "columns" | "colors">,
): string[] {
  const paint = { create: colors.green, change: colors.yellow, remove: colors.red, leave: colors.yellow };
  const paragraphs = changes.flatMap((change) => {
    const { kind, name, action, text } = change;
    if (action === "none") return [];
    const head = paint[action](`${SIGNS[action]} ${kind} ${clean(name)}`);
    const members = change.differences
      .flatMap((one) => memberLines(one, columns))
      .map(([sign, line]) => (sign === "-" ? colors.red(line) : colors.green(line)));
    const words = text === "" ? [] : wrap(clean(text), columns - 2).map((line) => `  ${line}`);
    return [head, ...members, ...words];
  });
  return [...paragraphs, sumText(changes, "would be ")];
}

/** `1 created, 2 changed; unchanged: 3.` */
export function sumText(changes: readonly Change[], prefix = ""): string {
  const count = (action: Action) => changes.filter((one) => one.action === action).length;
  const parts = (["create", "change", "remove"] as const).flatMap((action) => {
    const many = count(action);
    return many === 0 ? [] : [`${many} ${prefix}${action.replace(/e$/, "")}ed`];
  });
  const same = count("none");
  const left = count("leave");
  return [
    parts.length === 0 ? "Nothing to change" : parts.join(", "),
    ...(same === 0 ? [] : [`unchanged: ${same}`]),
    ...(left === 0 ? [] : [`left to you: ${left}`]),
  ]
    .join("; ")
    .concat(".");
}

type Signed = [sign: "-" | "+", line: string];

function memberLines({ path, before, after }: Difference, columns: number): Signed[] {
  const at =
    typeof before === "string" && typeof after === "string" ? firstDifferentLine(before, after) : null;
  if (at !== null) return memberLines({ path: `${path}, line ${at.number}`, ...at }, columns);
  return [
    ...(before === undefined ? [] : valueLines("-", path, before, columns)),
    ...(after === undefined ? [] : valueLines("+", path, after, columns)),
  ];
}

/** The whole value, however long: what differs may be its end. */
function valueLines(sign: "-" | "+", path: string, value: unknown, columns: number): Signed[] {
  const text =
    typeof value === "string" && value.includes("\n")
      ? `${value.split("\n").length} lines`
      : JSON.stringify(value);
  const lines = wrap(`${clean(path)}: ${clean(text ?? "")}`, columns - 4);
  return lines.map((line, index) => [sign, index === 0 ? `  ${sign} ${line}` : `    ${line}`]);
}

/** Of texts of several lines, such as scripts; null for others. */
function firstDifferentLine(
  before: string,
  after: string,
): { number: number; before?: string; after?: string } | null {
  if (!before.includes("\n") && !after.includes("\n")) return null;
  const [was, is] = [before.split("\n"), after.split("\n")];
  const index = Array.from({ length: Math.max(was.length, is.length) }).findIndex(
    (_, at) => was[at] !== is[at],
  );
  const [one, other] = [was[index], is[index]];
  return {
    number: index + 1,
    ...(one === undefined ? {} : { before: one }),
    ...(other === undefined ? {} : { after: other }),
  };
}
