import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { expect, test } from "vitest";
import { yamlText } from "../../../src/cli/terminal/yaml.ts";
import { hostile, obeyed } from "../hostile.ts";

const value = {
  name: "demo",
  count: 3,
  ratio: 0.5,
  none: null,
  paused: false,
  script: "#!/bin/sh\n\techo hello\n  echo again\n",
  words: ["no", "2026-11-30", "1e3", "", " a", "a: b", "# c"],
  items: [
    { id: "a", params: {} },
    { id: "b", list: [] },
  ],
};

test("YAML: any answer → what a reader parses is the answer", () => {
  expect(parse(yamlText(value))).toEqual(value);
  expect(yamlText({ name: "demo", count: 3 })).toBe("name: demo\ncount: 3\n");
});

test("YAML: words that YAML 1.1 takes for something else → quoted", () => {
  expect(yamlText({ a: "no", b: "on" })).toBe('a: "no"\nb: "on"\n');
});

test("YAML: text that a terminal would obey, also as a name → escaped, and parsed back unchanged", () => {
  const bad = { ...Object(hostile({ ...value, outputs: { url: "x" } })), short: "a\u009bb", "c\u202e": 1 };
  const text = yamlText(bad);
  expect(obeyed(text)).toEqual([]);
  expect(parse(text)).toEqual(bad);
});

test("YAML: a long line → not folded", () => {
  const long = { text: "word ".repeat(60).trim() };
  expect(yamlText(long)).toBe(`text: ${long.text}\n`);
});

test("the YAML library: a run that needs none → does not load it", () => {
  const files = readdirSync("src/cli", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const loading = files.filter((name) =>
    /^import [^;]* from "[^"]*\/yaml(?:File)?\.ts"/m.test(readFileSync(join("src/cli", name), "utf8")),
  );
  expect(loading).toEqual([]);
});
