import type { Reporter, TestCase, TestModule, TestRunEndReason } from "vitest/node";

/** Tests slower than this are listed, the slowest first. */
const SLOW_MS = 1000;
const LISTED = 10;

/** Ends a run with its slowest tests and the line `N passed, N failed` (`, N skipped` where there are some). */
export class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that does not even load and an error outside of any test are failures too, and so is the setup's.
    const unloaded = modules.filter((module) => module.errors().length > 0).length;
    const counted = count("failed") + unloaded + errors.length;
    const failed = reason === "failed" ? Math.max(counted, 1) : counted;
    const skipped = count("skipped") + count("pending");
    const lines = [
      ...slowest(tests),
      `${count("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    ];
    // After everything that the default reporter and the teardown print.
    process.once("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
  }
}

function slowest(tests: TestCase[]): string[] {
  const slow = tests
    .map((test) => ({
      name: `${test.module.relativeModuleId} > ${test.fullName}`,
      ms: test.diagnostic()?.duration ?? 0,
    }))
    .filter(({ ms }) => ms >= SLOW_MS)
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, LISTED);
  if (slow.length === 0) return [];
  return [
    "Slowest tests:",
    ...slow.map(({ ms, name }) => `  ${(ms / 1000).toFixed(1).padStart(5)} s  ${name}`),
  ];
}
