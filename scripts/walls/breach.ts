import type { Code } from "./code.ts";

/** A place where a wall is crossed, or where the table says what is not so. */
export type Breach = {
  file: string;
  /** Counted from 1. */
  line: number;
  /** Which rule, such as `src/relay → src/domain`. */
  rule: string;
  /** What is wrong, why, and what to do instead. */
  text: string;
};

/** A breach in an entry of the table, such as the room `src/domain`. */
export type TableBreach = { entry: string; rule: string; text: string };

const TABLE_FILES = ["table", "source", "domain", "relay", "outside"].map(
  (name) => `scripts/walls/${name}.ts`,
);

/** A breach of the table at the line where its entry begins; at the top of the table if the tree does not show it. */
export function placed({ entry, rule, text }: TableBreach, tree: Code): Breach {
  const heads = [`"${entry}": {`, `${entry}: {`];
  for (const file of TABLE_FILES) {
    const lines = tree.get(file)?.split("\n") ?? [];
    const index = lines.findIndex((line) => heads.some((head) => line.trim().startsWith(head)));
    if (index !== -1) return { file, line: index + 1, rule, text };
  }
  return { file: "scripts/walls/table.ts", line: 1, rule, text };
}

/** One line for a terminal: `file:line: rule (what, why, what to do instead)`. */
export function lineOf({ file, line, rule, text }: Breach): string {
  return `${file}:${line}: ${rule} (${text})`;
}
