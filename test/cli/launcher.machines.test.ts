import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { KEY_A } from "../helpers/world.ts";
import { installation } from "./installation.ts";
import { LAUNCHER, warmpoolProcess } from "./process.ts";
import type { Ran } from "./run.ts";
import { deadline } from "../helpers/patience.ts";
import { isNight } from "../helpers/nightly.ts";

/** bin/warmpool.js, as a process: what only shows there. */

const run = promisify(execFile);
const checkout = dirname(dirname(LAUNCHER));

test("a pipe gets the answer alone, without colours, and the exit code tells", async () => {
  await using at = await installation();
  const shown = await warmpoolProcess(["status"], at);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^POOL .*\ndemo +1\/1 /);
  expect(shown.stdout).not.toContain("\u001b");
  expect(await warmpoolProcess(["tester", "nobody1"], at)).toMatchObject({ code: 3, stdout: "" });
});

test.runIf(isNight)("npx finds it in the checkout", async () => {
  const { version } = JSON.parse(await readFile(join(checkout, "package.json"), "utf8"));
  const { stdout } = await run("npx", ["--no-install", "warmpool", "--version"], {
    cwd: checkout,
    signal: deadline(30),
  });
  expect(stdout).toBe(`${version}\n`);
});

test("--help loads a few modules, and strips the types of none", async () => {
  const count = `import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => (url.startsWith("node:") || console.error(url), next(url, context)) });`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(count)}`, LAUNCHER, "--help"];
  const loaded = async () =>
    (await run(process.execPath, args, { signal: deadline(30) })).stderr.trim().split("\n");
  // The first may have to build it.
  await loaded();
  const modules = await loaded();
  expect(modules.length).toBeLessThan(20);
  expect(modules.filter((url) => url.endsWith(".ts"))).toEqual([]);
});

test("a reader that has seen enough is no failure", async () => {
  const script = `set -o pipefail; "${process.execPath}" "${LAUNCHER}" --help | true`;
  await run("bash", ["-c", script], { signal: deadline(15) });
});

test("Ctrl-C while waiting leaves the place in line, and says so", async () => {
  await using at = await installation({ targetSize: 0, maxSize: 1 });
  await using folder = await temporaryFolder();
  const key = join(folder.path, "id.pub");
  await writeFile(key, KEY_A);
  const ran = await warmpoolProcess(["assign", "bob", "--key", key, "--wait"], {
    ...at,
    onStderr: (soFar, kill) => {
      if (soFar.includes("place 1 in the queue") && !soFar.includes("stopped")) kill("SIGINT");
    },
  });
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr).toContain("warmpool: stopped watching; bob keeps the assignment.\n");
  expect(await at.client.tester.status.query({ username: "bob" })).toMatchObject({ state: "waiting" });
});

test("under a Node that is too old it hands over to the one from npm: arguments, output, exit code", async () => {
  const shown = await old(LAUNCHER, "--version");
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  const failed = await old(LAUNCHER, "no-such-verb");
  expect(failed).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("unknown command 'no-such-verb'"),
  });
});

test("without a newer one it says which Node it needs", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "bin"));
  await writeFile(join(folder.path, "package.json"), JSON.stringify({ type: "module" }));
  const launcher = join(folder.path, "bin/warmpool.js");
  await cp(LAUNCHER, launcher);
  expect(await old(launcher, "server")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "warmpool: needs Node 22.18 or newer, this is 20.1.0.\n" +
      "Install a newer Node, or put one beside warmpool: npm install node@22\n",
  });
});

/** Runs a launcher in a Node that takes itself for 20.1. */
async function old(launcher: string, ...args: string[]): Promise<Ran> {
  const versions = "{ value: { ...process.versions, node: '20.1.0' } }";
  const pretend = `data:text/javascript,Object.defineProperty(process, 'versions', ${versions})`;
  const ran = run(process.execPath, ["--import", pretend, launcher, ...args], { signal: deadline(15) });
  return ran.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr }),
  );
}
