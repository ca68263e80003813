import { execFile } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { needOf } from "../../scripts/change/tests.ts";
import type { Patch } from "./patches.ts";

const run = promisify(execFile);
/** Only something that hangs takes as long. */
const HANGS_MS = 900_000;

/** What vitest writes with its reporter json, as far as it is read here. */
const REPORT = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

export type How = { databaseUrl: string; signal: AbortSignal };
export type Verdict = "green" | "red" | "absent";

/**
 * Runs the tests that the patches name, in the folder, and says of each what became of it. A test that did not run, as
 * when its file does not even load, is absent.
 * @throws Error with what vitest printed if it wrote no report
 */
export async function verdicts(
  folder: string,
  patches: readonly Patch[],
  { databaseUrl, signal }: How,
): Promise<Verdict[]> {
  const files = new Set(patches.map(({ test }) => test));
  // The projects of vitest are named after what their tests need.
  const projects = new Set([...files].map(needOf));
  const reportFile = join(folder, "report.json");
  await rm(reportFile, { force: true });
  // A test that turns red keeps its folders for somebody to look at; nobody looks at these.
  const temporary = join(folder, "tmp");
  await mkdir(temporary, { recursive: true });
  const args = [
    ...["run", ...files, ...[...projects].map((name) => `--project=${name}`)],
    ...["-t", patches.map(({ name }) => literal(name)).join("|")],
    ...["--reporter=json", `--outputFile=${reportFile}`],
    // Of this run alone, which is faster from its second time on and leaves nothing in node_modules.
    `--fsModuleCachePath=${join(folder, "cache")}`,
    "--no-cache",
  ];
  const ended = await run(process.execPath, ["node_modules/vitest/vitest.mjs", ...args], {
    cwd: folder,
    env: {
      ...process.env,
      TMPDIR: temporary,
      WARMPOOL_TEST_DATABASE_URL: databaseUrl,
      // Some patches are for tests that run at night.
      WARMPOOL_TEST_NIGHTLY: "1",
      // That it fails is enough; the smallest history that does takes minutes to find.
      WARMPOOL_MODEL_SHRINK: "no",
    },
    timeout: HANGS_MS,
    maxBuffer: 64 * 1024 * 1024,
    signal,
  }).catch((failed: { stdout: string; stderr: string }) => failed);
  const text = await readFile(reportFile, "utf8").catch(() => {
    throw new Error(`the tests wrote no report:\n${ended.stdout}${ended.stderr}`.slice(0, 2000));
  });
  const report = REPORT.parse(JSON.parse(text));
  return patches.map((patch) => verdict(report, join(folder, patch.test), patch.name));
}

function verdict({ testResults }: z.infer<typeof REPORT>, file: string, name: string): Verdict {
  const ran = testResults
    .filter((result) => result.name === file)
    .flatMap((result) => result.assertionResults)
    .filter(({ fullName, status }) => fullName.includes(name) && ["passed", "failed"].includes(status));
  if (ran.length === 0) return "absent";
  return ran.every(({ status }) => status === "passed") ? "green" : "red";
}

/** A regular expression that matches the text and nothing else. */
function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
