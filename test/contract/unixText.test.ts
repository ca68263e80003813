import { expect, test } from "vitest";
import { poolSpec } from "../../src/contract/pool.ts";
import { recipe } from "../../src/contract/recipe.ts";
import { specOf } from "../helpers/world.ts";

const BAD = [
  ["#!/bin/sh\necho one\r\necho two\r\n", /^line 2 ends with CR LF/],
  ["#!/bin/sh\r\necho\r\n", /^line 1 ends with CR LF/],
  ["one\ntwo\r", /^line 2 has a carriage return/],
  ["one\rtwo\r", /^line 1 has a carriage return/],
  ["\uFEFF#!/bin/sh\n", /^line 1 begins with a byte order mark/],
] as const;

test.each(BAD)("the script %j is refused with line and reason", (script, reason) => {
  const steps = [
    { id: "a", title: "A", script: "true\n", timeoutSeconds: 1 },
    { id: "b", title: "B", script, timeoutSeconds: 1 },
  ];
  const [issue] = recipe.safeParse({ name: "r", steps }).error?.issues ?? [];
  expect(issue?.path).toEqual(["steps", 1, "script"]);
  expect(issue?.message).toMatch(reason);
});

test.each(["healthCommand", "readyCommand", "accessCommand"])("so is the pool's %s", (name) => {
  for (const [text, reason] of BAD) {
    const [issue] = poolSpec.safeParse({ ...specOf(), [name]: text }).error?.issues ?? [];
    expect(issue?.path).toEqual([name]);
    expect(issue?.message).toMatch(reason);
  }
});

test("a script that writes a carriage return by an escape is fine", () => {
  const steps = [{ id: "a", title: "A", script: "printf 'a\\r\\n'\n\techo\n", timeoutSeconds: 1 }];
  expect(recipe.safeParse({ name: "r", steps }).success).toBe(true);
});
