import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { needOf, touched } from "./change/tests.ts";
import { changedSince, commitNamed, git, readTree } from "./change/git.ts";

/**
 * `npm run test:quick [-- COMMIT]`: the checks, the tests that need nothing, and those that the change since the commit
 * (HEAD) touches: under a minute on two quiet cores. Of the tests that need more, those nearest to the change run, as
 * many as the minute has room for; the others are named. `npm test` runs all.
 */
const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));

type Counts = { passed: number; failed: number };

const began = performance.now();
const running = new Set<ChildProcess>();
let stopped: string | null = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopped = signal;
    for (const child of running) child.kill(signal);
  });
}

const changed = await changedSince(await commitNamed(process.argv[2] ?? "HEAD"));
const tests = (await git("ls-files", "--cached", "--others", "--exclude-standard", "test")).filter(
  (path) => path.endsWith(".test.ts") && readTree(path) !== null,
);
const { chosen, left } = touched(tests, changed, readTree);
const pure = tests.filter((path) => needOf(path) === "pure");
console.log(
  `${changed.size} files have changed; they touch ${chosen.length + left.length} tests that need more`,
);
console.log(`than this checkout. Of these run: ${chosen.join(", ") || "none"}`);

const counts = await Promise.all([
  run("check", "npm", "run", "--silent", "check"),
  run("tests", "vitest", "run", ...pure, ...chosen),
]);
if (left.length > 0) console.log(`\nLeft to npm test, though touched:\n  ${left.join("\n  ")}`);
console.log(`\nThat took ${Math.round((performance.now() - began) / 1000)} s.`);
const passed = counts.reduce((sum, one) => sum + one.passed, 0);
const failed = counts.reduce((sum, one) => sum + one.failed, 0) + (stopped === null ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** Shows what a program printed once it has ended, and reads its counts there; one that counts nothing counts as one. */
function run(name: string, command: string, ...args: string[]): Promise<Counts> {
  const child = spawn(command, args, { cwd: CHECKOUT, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      console.log(`\n=== ${name}\n${text.trimEnd()}`);
      const told = [...text.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
      const isFine = code === 0;
      if (told === undefined) resolve({ passed: isFine ? 1 : 0, failed: isFine ? 0 : 1 });
      else resolve({ passed: Number(told[1]), failed: Math.max(Number(told[2]), isFine ? 0 : 1) });
    });
  });
}
