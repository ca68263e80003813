import { parseSync } from "oxc-parser";
import type { Tree } from "./tree.ts";

/**
 * Something that is read: a whole `page`, a `comment`, the `title` of a test or a check, and the `code` without its
 * comments. `start` is its offset in the file.
 */
export type Passage = {
  file: string;
  start: number;
  kind: "page" | "comment" | "title" | "code";
  text: string;
};

const CODE = /\.(ts|js)$/;
/** Documents, scripts (also those without an ending), settings. */
const PAGE = /(\.(md|sh|ya?ml|toml)|(^|\/)[^./]+|^(package|knip|tsconfig.*|\.oxlintrc)\.json)$/;
const STRING = /(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1/g;
/** What follows a string that a function is called by, options in between or not. */
const THEN_FUNCTION = /^,\s*(?:\{[^{}]*\},\s*)?(?:async\s*)?\(/;
const BEGINS_WITH_RULE = /^[RI]\d+\s/;

/**
 * What the tree says to its readers. Migrations are generated and left out. Of a patch in verify/mutate only its head is read:
 * the rest is code of other files.
 * @throws Error if a file of code cannot be parsed.
 */
export function passagesOf(tree: Tree): Passage[] {
  return [...tree].flatMap(([file, text]): Passage[] => {
    if (file.startsWith("drizzle/")) return [];
    if (CODE.test(file)) return inCode(file, text);
    if (PAGE.test(file)) return [{ file, start: 0, kind: "page", text }];
    if (!file.endsWith(".patch")) return [];
    return [{ file, start: 0, kind: "page", text: text.split("\n--- ", 1)[0] ?? "" }];
  });
}

function inCode(file: string, text: string): Passage[] {
  const { comments, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const found: Passage[] = [];
  let code = "";
  for (const { start, end } of comments) {
    const comment = text.slice(start, end);
    // Without the star of each line: what is broken over two lines is found as well.
    found.push({ file, start, kind: "comment", text: comment.replaceAll(/\n *\*(?!\/)/g, blank) });
    code += text.slice(code.length, start) + blank(comment);
  }
  code += text.slice(code.length);
  for (const { 0: whole, 2: words = "", index: start } of code.matchAll(STRING)) {
    const after = start + whole.length;
    if (BEGINS_WITH_RULE.test(words) || THEN_FUNCTION.test(code.slice(after, after + 200)))
      found.push({ file, start, kind: "title", text: words });
  }
  return [...found, { file, start: 0, kind: "code", text: code }];
}

/** As long as before, on as many lines. */
function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}

/** The line of the offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
