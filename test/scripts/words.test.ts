import { expect, test } from "vitest";
import { flagsOf } from "../../scripts/words/flagged.ts";
import { PHRASES } from "../../scripts/words/phrases.ts";
import { pageTexts, visibleTexts } from "../../scripts/words/visible.ts";

const phrasesIn = (source: string) => flagsOf(visibleTexts("x.tsx", source)).map(({ phrase }) => phrase);

test.each([
  ["a string", 'const x = "No login came about.";', ["came about"]],
  ["a template, on either side of a value", "const x = `it ${a} is tried again`;", ["is tried again"]],
  ["a template, over two lines", "const x = `it is tried\n  again`;", ["is tried again"]],
  ["JSX", "const x = <p>Whoever is in line</p>;", ["in line"]],
  ["an attribute", 'const x = <p title="off the books" />;', ["off the books"]],
  ["capitals", 'const x = "Ask again later";', ["ask again"]],
  ["a part of a word", 'const x = "amendment, inline in linear";', []],
  ["a comment", '// It comes about by chance.\nconst x = "fine";', []],
  ["a comment in a shell script", "const x = `\n  # it comes about\ntrue`;", []],
])("words: %s", (_, source, phrases) => {
  expect(phrasesIn(source)).toEqual(phrases);
});

test("words: a page → the line of each phrase, once, also over a line break", () => {
  const page = "Fine.\nIt is tried\nagain, anew.\n";
  expect(flagsOf(pageTexts(page)).map(({ phrase, line }) => [phrase, line])).toEqual([
    ["is tried again", 2],
    ["anew", 3],
  ]);
});

test("words: the list → each phrase once, in small letters, found as itself", () => {
  const phrases = PHRASES.map(([phrase]) => phrase);
  expect(new Set(phrases).size).toBe(phrases.length);
  for (const phrase of phrases) {
    expect(phrase).toBe(phrase.toLowerCase());
    expect(phrasesIn(`const x = ${JSON.stringify(phrase)};`)).toContain(phrase);
  }
});
