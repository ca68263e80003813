import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { flagsOf } from "./words/flagged.ts";
import { pageTexts, visibleTexts } from "./words/visible.ts";

/**
 * Fails if a text that users see has a phrase of scripts/words/phrases.ts. Those texts are the pages, and the strings of src,
 * of the generators of pages, and of the example drivers.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = ["src", "bin", "examples", "scripts/docs"];
/** docs/style.md quotes the phrases; decisions are a record and stay as they were written. */
const PAGES = /^(?:[A-Z]+\.md|docs\/(?!style\.md$)[^/]*\.(?:md|yml)|recipes\/.*\.md)$/;

const names = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name);
for (const folder of [...SOURCES, "docs", "recipes"])
  for (const name of readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" }))
    names.push(`${folder}/${name}`);

let [files, wrongs] = [0, 0];
for (const name of names) {
  const isPage = PAGES.test(name);
  if (!isPage && !(SOURCES.some((folder) => name.startsWith(`${folder}/`)) && /\.(?:ts|tsx|js)$/.test(name)))
    continue;
  files += 1;
  const text = readFileSync(`${root}${name}`, "utf8");
  for (const { phrase, instead, line } of flagsOf(isPage ? pageTexts(text) : visibleTexts(name, text))) {
    wrongs += 1;
    console.error(`${name}:${line}: "${phrase}": write ${instead}`);
  }
}
if (wrongs > 0) {
  console.error(
    `${wrongs} phrases that make readers stop. scripts/words/phrases.ts lists them, docs/style.md says why.`,
  );
  process.exitCode = 1;
} else console.log(`${files} files without a flagged phrase`);
