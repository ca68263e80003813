import { linkComplaints } from "./links.ts";
import { lineOf, type Passage, passagesOf } from "./passages.ts";
import { pathsOf } from "./paths.ts";
import { FOLDERS, type Tree } from "./tree.ts";

/** Where the rules are, a row each: `| R9 | … |`. */
const REQUIREMENTS = "docs/requirements.md";
/** Says what was: files and commands that have gone since stay named in it. */
const HISTORY = "CHANGELOG.md";
const TEST_FILE = /^test\/.*\.(test|incus)\.ts$/;
/** Name what they look for. */
const THESE_FILES = /^test\/docs\/references\./;

const RULE = /(?<![\w.])([RI]\d{1,2})(?!\w)/g;
const RULE_ROW = /^\| ([RI]\d{1,2}) \|/gm;
const ABSENT = /§|\b[Ii]ssues?(?:\s+|\s*#)\d+|\b(?:DESIGN|INTERFACE|REQUIREMENTS|TRAPS|LAYOUT)\b/g;
const IN_FOLDER = FOLDERS.join("|").replaceAll(".", String.raw`\.`);
const PATH = new RegExp(String.raw`(?<![\w./@~$}-])(?:${IN_FOLDER})/(?:[\w./*-]*[\w/*])?`, "g");
const FILE_NAME = new RegExp(
  String.raw`(?<![\w./*$-])(?!(?:${IN_FOLDER})/)[\w*][\w.*-]*(?:/[\w.*-]+)*\.(?:ts|md)(?![\w/])`,
  "g",
);
const DECISION = /\bdecisions?\s+(\d+)/gi;
const SCRIPT = /\bnpm (?:run(?:\s+-[\w-]+)*\s+([a-z][\w:-]*)|(start|test)\b)/g;

/** What the tree names and does not have, as lines `file:line: what is wrong`. Reads nothing but the given text. */
export function complaintsAbout(tree: Tree): string[] {
  const all = passagesOf(tree);
  const words = all.filter(({ kind }) => kind !== "code");
  const current = ({ file }: Passage) => file !== HISTORY;
  const paths = pathsOf(tree);
  const decisions = new Set([...tree.keys()].map((path) => /^docs\/decisions\/0*(\d+)-/.exec(path)?.[1]));
  const scripts = scriptsOf(tree.get("package.json") ?? "{}");
  return [
    ...ruleComplaints(tree, words),
    ...each(tree, all, ABSENT, (found, { file }) =>
      THESE_FILES.test(file)
        ? null
        : `"${found}" is not in the repository: name a rule of ${REQUIREMENTS}, or say it in words`,
    ),
    ...each(tree, words.filter(current), PATH, (path) => (paths.has(path) ? null : `there is no ${path}`)),
    ...each(tree, words.filter(current), FILE_NAME, (name) =>
      paths.hasName(name) ? null : `no file is named ${name}`,
    ),
    ...each(tree, words, DECISION, (number) =>
      decisions.has(number) ? null : `there is no decision ${number}`,
    ),
    ...each(tree, all.filter(current), SCRIPT, (name) =>
      scripts.has(name) ? null : `there is no script ${name}`,
    ),
    ...linkComplaints(tree),
  ];
}

/** Each rule is defined once and has a test, and nothing else is named as one. */
function ruleComplaints(tree: Tree, words: readonly Passage[]): string[] {
  const rows = [...(tree.get(REQUIREMENTS) ?? "").matchAll(RULE_ROW)].map(([, id = ""]) => id);
  const titles = words.filter(({ kind, file }) => kind === "title" && TEST_FILE.test(file));
  const tested = new Set(titles.flatMap(({ text }) => [...text.matchAll(RULE)].map(([, id]) => id)));
  return [
    ...each(tree, words, RULE, (id) => (rows.includes(id) ? null : `${REQUIREMENTS} has no rule ${id}`)),
    ...rows
      .filter((id, index) => rows.indexOf(id) < index)
      .map((id) => `${REQUIREMENTS}: ${id} is there twice`),
    ...rows.filter((id) => !tested.has(id)).map((id) => `${REQUIREMENTS}: no test is named by ${id}`),
  ];
}

/** Runs `wrong` for each match in each passage, with its first group or else the whole of it. */
function each(
  tree: Tree,
  passages: readonly Passage[],
  pattern: RegExp,
  wrong: (found: string, passage: Passage) => string | null,
): string[] {
  return passages.flatMap((passage) =>
    [...passage.text.matchAll(pattern)].flatMap((match) => {
      const found = match.slice(1).find((group) => group !== undefined) ?? match[0];
      const complaint = wrong(found, passage);
      if (complaint === null) return [];
      const line = lineOf(tree.get(passage.file) ?? "", passage.start + match.index);
      return [`${passage.file}:${line}: ${complaint}`];
    }),
  );
}

function scriptsOf(packageJson: string): Set<string> {
  const { scripts = {} } = JSON.parse(packageJson) as { scripts?: Record<string, string> };
  return new Set(Object.keys(scripts));
}
