import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { bundleBytes } from "../../../scripts/deploy/budget.ts";
import { contractions } from "../../../scripts/deploy/expandFirst.ts";
import {
  isPlaceholder,
  missingSecrets,
  settingsProblems,
  workerSettings,
} from "../../../scripts/deploy/settings.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";

/** The gates of `npm run deploy` that need no account. */

const GOOD = {
  name: "warmpool-staging",
  compatibility_date: "2026-10-01",
  minify: true,
  placement: { region: "aws:eu-central-1" },
  observability: { enabled: true },
  limits: { cpu_ms: 30_000 },
  assets: { directory: "dist/dashboard", binding: "ASSETS" },
  hyperdrive: [{ binding: "HYPERDRIVE", id: "0123" }],
  triggers: { crons: ["* * * * *"] },
};

const problemsOf = (change: object) => settingsProblems(workerSettings.parse({ ...GOOD, ...change }));

test("settings: all there → nothing to say", () => {
  expect(problemsOf({})).toEqual([]);
  expect(
    problemsOf({ placement: { host: "db.example.com:5432" }, vars: { WARMPOOL_PUBLIC_URL: "x" } }),
  ).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ["minify is off", { minify: false }, /^minify is not on/],
  ["placement is left out", { placement: undefined }, /^placement names neither/],
  ["placement is smart", { placement: { mode: "smart" } }, /^placement names neither/],
  ["observability is off", { observability: { enabled: false } }, /^observability is not on/],
  ["there is no limit", { limits: undefined }, /^limits\.cpu_ms is not set/],
  ["there are no assets", { assets: undefined }, /^assets has no binding/],
  ["there is no database", { hyperdrive: [] }, /^hyperdrive has no binding/],
  ["there is no cron", { triggers: { crons: [] } }, /^triggers has no cron/],
  [
    "a secret is in the file",
    { vars: { WARMPOOL_ADMIN_TOKEN: "x" } },
    /^vars has WARMPOOL_ADMIN_TOKEN, which is a secret/,
  ],
])("settings: %s → said", (_, change, problem) => {
  expect(problemsOf(change)).toEqual([expect.stringMatching(problem)]);
});

test("the id of a Hyperdrive that nobody has made yet is known", () => {
  expect(isPlaceholder(workerSettings.parse(GOOD))).toBe(false);
  const hyperdrive = [{ binding: "HYPERDRIVE", id: "0".repeat(32) }];
  expect(isPlaceholder(workerSettings.parse({ ...GOOD, hyperdrive }))).toBe(true);
});

test("secrets by name: a required one that is not there is named", () => {
  expect(missingSecrets(["WARMPOOL_SECRET_KEY"])).toEqual(["WARMPOOL_ADMIN_TOKEN"]);
  expect(missingSecrets(["WARMPOOL_ADMIN_TOKEN"])).toEqual([]);
});

test.each([
  ['ALTER TABLE "a" DROP COLUMN "b";', "drops a column"],
  ['DROP TABLE "a";', "drops a table"],
  ['ALTER TABLE "a" RENAME COLUMN "b" TO "c";', "renames"],
  ['ALTER TABLE "a" RENAME TO "c";', "renames"],
  ['ALTER TABLE "a" ALTER COLUMN "b" SET NOT NULL;', "makes a column required"],
  ['ALTER TABLE "a" ALTER COLUMN "b" SET DATA TYPE bigint;', "changes the type of a column"],
  ['ALTER TABLE "a" ADD COLUMN "b" text NOT NULL;', "adds a required column without a default"],
])("a migration: %s → refused", (statement, what) => {
  const sql = `CREATE INDEX "x" ON "a" ("b");--> statement-breakpoint\n${statement}`;
  expect(contractions([{ name: "0025_later.sql", sql }])).toEqual([
    expect.stringContaining(`0025_later.sql ${what}, which the version that runs may still use`),
  ]);
  expect(
    contractions([{ name: "0025_later.sql", sql: `-- contract: nothing reads it since 0.4\n${sql}` }]),
  ).toEqual([]);
  expect(contractions([{ name: "0003_before.sql", sql }])).toEqual([]);
});

test("a migration that only adds: fine", () => {
  const sql = `ALTER TABLE "a" ADD COLUMN "b" text;--> statement-breakpoint
ALTER TABLE "a" ADD COLUMN "c" text DEFAULT 'x' NOT NULL;--> statement-breakpoint
DROP INDEX "d";--> statement-breakpoint
ALTER TABLE "a" DROP CONSTRAINT "e";--> statement-breakpoint
CREATE TABLE "f" ("g" text NOT NULL);`;
  expect(contractions([{ name: "0025_later.sql", sql }])).toEqual([]);
});

test("the budget: all modules, gzipped, and nothing else", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "deep"));
  await writeFile(join(folder.path, "worker.js"), randomBytes(5000));
  await writeFile(join(folder.path, "deep", "more.wasm"), randomBytes(3000));
  await writeFile(join(folder.path, "worker.js.map"), randomBytes(9000));
  await writeFile(join(folder.path, "README.md"), randomBytes(9000));
  const bytes = bundleBytes(folder.path);
  expect(bytes).toBeGreaterThanOrEqual(8000);
  expect(bytes).toBeLessThan(8200);
});
