import { afterEach, expect } from "vitest";
import { takeFailures } from "./helpers/followers.ts";

afterEach(() => {
  expect(takeFailures(), "followers that failed").toEqual([]);
});
