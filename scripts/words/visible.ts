import { parseSync, Visitor } from "oxc-parser";

/** A piece of text that people read, and its line, counted from 1. */
export type Piece = { text: string; line: number };

/**
 * The texts of a source file: its strings, templates and JSX, without comments, those of shell scripts included. SQL
 * and names are among them; they do no harm, because a flagged phrase is neither.
 * @throws Error if the source does not parse
 */
export function visibleTexts(file: string, source: string): Piece[] {
  const { program, errors } = parseSync(file, source, { sourceType: "module" });
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  const found: { text: string; start: number }[] = [];
  const add = (start: number, text: string): void =>
    void found.push({ start, text: text.replaceAll(/^[ \t]*#.*$/gm, "") });
  new Visitor({
    Literal: (node) => (typeof node.value === "string" ? add(node.start, node.value) : undefined),
    JSXText: (node) => add(node.start, node.value),
    TemplateElement: (node) => add(node.start, node.value.cooked ?? node.value.raw),
  }).visit(program);
  return found.map(({ text, start }) => ({ text, line: source.slice(0, start).split("\n").length }));
}

/** The lines of a page. A phrase that a line break divides is found because each line is joined to the next one. */
export function pageTexts(page: string): Piece[] {
  const lines = page.split("\n");
  return lines.map((text, index) => ({ text: `${text}\n${lines[index + 1] ?? ""}`, line: index + 1 }));
}
