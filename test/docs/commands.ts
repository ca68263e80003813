import type { CommandNode } from "../../src/cli/session/commandTree.ts";
import { lineOf, passagesOf } from "./passages.ts";
import type { Tree } from "./tree.ts";

/** Commands that the project tells its readers to type, held against the command line itself. */
export type Programs = { warmpool: CommandNode; "npm start": CommandNode };

/** What is advice and documents, and no test. */
const READ = /^(?:src|bin|scripts|examples|recipes|docs)\/|^[A-Z]+\.md$/;
/** CHANGELOG says what was; the other is made of the command line itself. */
const NOT_READ = /^(?:CHANGELOG\.md|docs\/cli\.md|src\/cli\/completion)/;
/** In quotes of Markdown, within a string or not; or a line of an example; or the rest of a string. */
const MENTIONED =
  /\\?`((?:npx )?warmpool(?: (?!\w+: )[^`\\\n]*)?|npm start -- [^`\\\n]*)\\?`|(npx warmpool [^`"'\\\n]*)/g;

export type Mention = { file: string; line: number; text: string; isAdvice: boolean };

export function mentionsIn(tree: Tree): Mention[] {
  return passagesOf(tree)
    .filter(({ file }) => READ.test(file) && !NOT_READ.test(file))
    .flatMap(({ file, start, kind, text }) =>
      [...filledIn(text).matchAll(MENTIONED)].map((match) => ({
        file,
        line: lineOf(tree.get(file) ?? "", start + match.index),
        text: (match[1] ?? match[2] ?? "").replaceAll(/(?<=[a-z])V{4,}/g, ""),
        isAdvice: kind === "code",
      })),
    );
}

/** With a word of the same length in place of what a template puts in, one within another too. */
function filledIn(text: string): string {
  const filled = text.replaceAll(/\$\{[^{}\n]*\}/g, (hole) => "V".repeat(hole.length));
  return filled === text ? text : filledIn(filled);
}

/** What cannot be typed as it is written there, as lines `file:line: what is wrong`. */
export function commandComplaints(tree: Tree, programs: Programs): string[] {
  return mentionsIn(tree).flatMap(({ file, line, text, isAdvice }) => {
    const complaint = complaintAbout(text, programs, isAdvice);
    return complaint === null ? [] : [`${file}:${line}: \`${text}\`: ${complaint}`];
  });
}

/** @param isAdvice whether it has to be complete: a document also names a verb by its words alone */
export function complaintAbout(text: string, programs: Programs, isAdvice: boolean): string | null {
  // What a shell does with it is not the command's.
  const typed = text.split(/ \\$| [#|>&;]|(?<= \S*)[)…]| …/)[0] ?? "";
  const name = typed.startsWith("npm start --") ? "npm start" : "warmpool";
  const words = typed
    .replace(/^(?:npx warmpool|warmpool|npm start --)\s*/, "")
    .split(/ +/)
    .filter((word) => word !== "");
  let node = programs[name];
  while (node.children.length > 0 && words.length > 0) {
    const word = words[0] ?? "";
    if (word.startsWith("-")) break;
    // `warmpool node list|drain`, as documents write it.
    const known = word.split("|").map((one) => node.children.find(({ path }) => path.at(-1) === one));
    if (known.includes(undefined)) return /^[A-Z[]/.test(word) ? null : `there is no verb ${word}`;
    const [child] = known;
    if (child === undefined) break;
    node = child;
    words.shift();
  }
  return wordsComplaint(node, programs[name], words, isAdvice);
}

// oxlint-disable-next-line complexity -- it parses words as options, one case after the other
function wordsComplaint(
  node: CommandNode,
  root: CommandNode,
  words: string[],
  isAdvice: boolean,
): string | null {
  const options = [...node.options, ...root.options];
  const values: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = (words[at] ?? "").replaceAll(/[[\]]/g, "");
    if (word === "" || !word.startsWith("-")) {
      if (word !== "") values.push(word);
      continue;
    }
    const [flag = ""] = word.split("=");
    if (flag === "--help" || flag === "--version") continue;
    const option = options.find(({ long, short }) => flag === long || flag === short);
    if (option === undefined) return `there is no option ${flag}`;
    if (option.value === null || word.includes("=")) continue;
    at += 1;
    const value = (words[at] ?? "").replaceAll(/[[\]]/g, "");
    if (value === "") return `${flag} takes a value`;
    const choices = option.value.kind === "choice" ? option.value.words : null;
    const unknown = value.split("|").filter((one) => /^[a-z]/.test(one) && choices?.includes(one) === false);
    if (unknown.length > 0) return `${flag} does not take ${unknown.join(", ")}`;
  }
  const most = node.arguments.some(({ name }) => name.includes("...")) ? Infinity : node.arguments.length;
  if (values.length > most) return `${values[most]} is one argument too many`;
  const least = node.arguments.filter(({ name }) => name.startsWith("<")).length;
  if ((isAdvice || values.length > 0) && node.children.length === 0 && values.length < least)
    return `${node.arguments[values.length]?.name} is missing`;
  return null;
}
