import { expect, test } from "vitest";
import { distances, importedBy } from "../../scripts/change/graph.ts";
import { touched } from "../../scripts/change/tests.ts";

const FILES: Record<string, string> = {
  "src/cron/sweep.ts": `import { sql } from "drizzle-orm";`,
  "src/cron/other.ts": `export { lease } from "./sweep.ts";`,
  "src/api/call.ts": `const { other } = await import("../cron/other.ts");`,
  "test/helpers/world.ts": `import { other } from "../../src/cron/other.ts";`,
  "test/cron/sweep.db.test.ts": `import { world } from "../helpers/world.ts";`,
  "test/cron/other.db.test.ts": `import { other } from "../../src/cron/other.ts";`,
  "test/api/call.edge.test.ts": `new URL("../../src/api/call.ts", import.meta.url);`,
  "test/api/apart.db.test.ts": `import { z } from "zod";`,
  "test/cron/pure.test.ts": `import { lease } from "../../src/cron/sweep.ts";`,
};
const read = (path: string) => FILES[path] ?? null;
const TESTS = Object.keys(FILES).filter((path) => path.endsWith(".test.ts"));

test.each([
  `import "./b.ts";`,
  `import type { B } from "./b.ts";`,
  `export * from "./b.ts";`,
  `const b = await import("./b.ts");`,
  `spawn(fileURLToPath(new URL("./b.ts", import.meta.url)));`,
])("imports of a file: %s", (source) => {
  expect(importedBy("src/x/a.ts", source)).toEqual(["src/x/b.ts"]);
});

test("distances: counts the imports between two files, and ends in a circle", () => {
  const circle: Record<string, string> = {
    "src/cron/sweep.ts": `import "./pick.ts"; import "./can.ts";`,
    "src/cron/pick.ts": `import "./can.ts";`,
    "src/cron/can.ts": `import "./sweep.ts";`,
  };
  expect([...distances("src/cron/sweep.ts", (path) => circle[path] ?? null).values()]).toEqual([0, 1, 1]);
});

test("distances: does not follow what is of no interest", () => {
  const reached = distances("test/cron/sweep.db.test.ts", read, (path) => path.startsWith("test/"));
  expect([...reached.keys()]).toEqual(["test/cron/sweep.db.test.ts", "test/helpers/world.ts"]);
});

test("touched tests: the namesake first, then the nearest; pure ones and those that do not reach it are not among them", () => {
  expect(touched(TESTS, new Set(["src/cron/sweep.ts"]), read)).toEqual({
    chosen: ["test/cron/sweep.db.test.ts", "test/cron/other.db.test.ts", "test/api/call.edge.test.ts"],
    left: [],
  });
});

test("touched tests: as many as there is room for, and at least one", () => {
  const many = Array.from({ length: 9 }, (_, index) => `test/m${index}.edge.test.ts`);
  const { chosen, left } = touched(many, new Set(["src/a.ts"]), () => `import "../src/a.ts";`);
  expect(chosen).toEqual(["test/m0.edge.test.ts", "test/m1.edge.test.ts", "test/m2.edge.test.ts"]);
  expect(left).toHaveLength(6);
});
