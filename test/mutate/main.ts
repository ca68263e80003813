import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Proves that the tests bite. Each patch beside this file breaks one rule in a copy of the checkout; the
 * test it names, green without it, has to turn red with it. A patch's head says what it breaks and which test finds it:
 *
 *     Breaks: results of a lost lease are taken
 *     Test: test/pool/lease.db.test.ts > I4 a stale token changes nothing
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

type Patch = { file: string; breaks: string; test: string; name: string };

async function readPatches(): Promise<Patch[]> {
  const files = (await readdir(here)).filter((file) => file.endsWith(".patch")).toSorted();
  return Promise.all(files.map(readPatch));
}

async function readPatch(file: string): Promise<Patch> {
  const text = await readFile(join(here, file), "utf8");
  const breaks = /^Breaks: (.+)$/m.exec(text)?.[1];
  const [, test, name] = /^Test: (\S+) > (.+)$/m.exec(text) ?? [];
  if (breaks === undefined || test === undefined || name === undefined) {
    throw new Error(`${file}: its head must have the lines "Breaks: …" and "Test: FILE > NAME"`);
  }
  return { file, breaks, test, name };
}

/** A copy of what git knows, with the packages of this checkout. */
async function copyCheckout(folder: string): Promise<void> {
  const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const path of stdout.split("\0").filter((name) => name !== "")) {
    if (existsSync(join(root, path))) await cp(join(root, path), join(folder, path));
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
}

/** Whether the named test passes in the folder; that it ran at all is checked too. */
async function passes(folder: string, patch: Patch): Promise<boolean> {
  const pattern = patch.name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const reportFile = join(folder, "report.json");
  await rm(reportFile, { force: true });
  const args = ["run", patch.test, "-t", pattern, "--reporter=json", `--outputFile=${reportFile}`];
  // A test that turns red keeps its databases for somebody to look at; nobody looks at these.
  const temporary = join(folder, "tmp");
  await mkdir(temporary, { recursive: true });
  const ended = await run(process.execPath, ["node_modules/vitest/vitest.mjs", ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: temporary },
    timeout: 180_000,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((failed: { stdout: string; stderr: string }) => failed);
  const text = await readFile(reportFile, "utf8").catch(() => {
    throw new Error(
      `${patch.file}: the tests wrote no report:\n${ended.stdout}${ended.stderr}`.slice(0, 2000),
    );
  });
  const report = JSON.parse(text) as { numPassedTests: number; numFailedTests: number };
  if (report.numPassedTests + report.numFailedTests === 0)
    throw new Error(`${patch.file}: no test is called "${patch.name}"`);
  return report.numFailedTests === 0;
}

async function tryPatch(patch: Patch): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-mutate-"));
  // Postgres may have to run as nobody, and must be able to pass.
  await chmod(folder, 0o711);
  try {
    await copyCheckout(folder);
    if (!(await passes(folder, patch))) return "the test is red without the patch";
    await run("git", ["apply", "--unsafe-paths", "--directory", folder, join(here, patch.file)], {
      cwd: "/",
    });
    return (await passes(folder, patch)) ? "the test stayed green" : null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const only = process.argv[2];
let failed = 0;
const patches = (await readPatches()).filter((patch) => only === undefined || patch.file.includes(only));
for (const patch of patches) {
  const began = performance.now();
  const problem = await tryPatch(patch).catch((error: unknown) =>
    String(error instanceof Error ? error.message : error),
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${problem === null ? "found " : "MISSED"} ${seconds.padStart(5)} s  ${patch.breaks}`);
  if (problem !== null) {
    failed += 1;
    console.log(`       ${patch.file}: ${problem}`);
  } else console.log(`       by: ${patch.name}`);
}
console.log(`${patches.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && patches.length > 0 ? 0 : 1);
