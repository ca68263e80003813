import { expect, test } from "vitest";
import { adviceIn } from "./advice.ts";
import { FOLLOWED } from "./followed.ts";
import { readTree } from "./tree.ts";
import { optionsOf, PROGRAMS } from "./programs.ts";

/** What messages tell people to do was done once, and what they name is there. */
const tree = readTree();
const given = adviceIn(tree);

test("each piece of advice was followed once, and each that was followed is still given", () => {
  expect(given.toSorted()).toEqual(Object.values(FOLLOWED).flat().toSorted());
});

test("the tests that followed it are there", () => {
  const files = Object.keys(FOLLOWED).filter((by) => by.startsWith("test/"));
  expect(files.filter((file) => !tree.has(file))).toEqual([]);
});

test("every file and every option that advice names is there", () => {
  const files = given.flatMap((words) => words.match(/\b(?:scripts|docs|recipes)\/[\w/.-]+\w/g) ?? []);
  expect(files.filter((file) => !tree.has(file))).toEqual([]);
  const options = new Set(Object.values(PROGRAMS).flatMap(optionsOf));
  const named = given.flatMap((words) => words.match(/(?<!\S)--[a-z-]+\w/g) ?? []);
  expect(named.filter((option) => !options.has(option))).toEqual([]);
});
