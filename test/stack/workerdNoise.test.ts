import { expect, test } from "vitest";
import { withoutNoise } from "../../src/stack/workerdEdge.ts";

const HUNG_UP =
  "kj::getCaughtExceptionAsKj() = rust/cxx/kj-rs-io/ffi.rs:123: disconnected: write(): Broken pipe (os error 32)";
const STACK = "stack: /x/bin/workerd@57eb6c3 /x/bin/workerd@57ef2b7";

test("what workerd writes for a caller that hung up is left out, the edge's own lines stay", () => {
  expect(withoutNoise(HUNG_UP)).toBe("");
  expect(withoutNoise(`${HUNG_UP}\n${STACK}`)).toBe("");
  expect(withoutNoise(STACK)).toBe("");
  const own = '{"level":"error","message":"duty failed"}';
  expect(withoutNoise(own)).toBe(own);
  expect(withoutNoise("kj/async.c++:1: failed: expected a")).toBe("kj/async.c++:1: failed: expected a");
  expect(withoutNoise("Error: boom\n    at handler (index.js:1:2)")).toContain("at handler");
});
