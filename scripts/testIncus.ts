import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { holdLeash } from "./leash/leash.ts";
import { leftSince, snapshot } from "./leftovers.ts";
import { incusAnswers } from "./leftovers/incus.ts";

/**
 * `npm run test:incus`: everything that needs a real Incus, as one run: the tests named *.incus.ts, then the acceptance
 * run on Incus. Makes this host one that can do it (Debian 12 or 13, as root), compares what it holds before and after,
 * stops the daemon if it was started here, and ends with the sum. A skipped test counts as failed.
 *
 *   npm run test:incus -- [--runtime node|workerd|both]    the edge of the acceptance run (both)
 */
type Counts = { passed: number; failed: number };

const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
const RUNTIME = z.enum(["node", "workerd", "both"]);
const runtime = runtimeOrExit();
/**
 * By day faults, power cuts, the crowd and the search for secrets come on driver local alone, where they take a quarter of
 * the time: what differs on Incus is the driver, and the tests before this show it. What people do to machines behind Warmpool's back takes a
 * quarter of an hour, and belongs to the night.
 */
const PARTS = process.env["WARMPOOL_TEST_NIGHTLY"] === "1" ? [] : ["--only", "path,crash"];
const SUITES = [
  ["the tests", "vitest", "run", "--config", "vitest.incus.config.ts"],
  [
    "the acceptance run",
    "node",
    "verify/accept/main.ts",
    "--driver",
    "incus",
    "--runtime",
    runtime,
    ...PARTS,
  ],
] as const;
const STOP_DAEMON = ["sh", "scripts/install-incus.sh", "stop"] as const;

const PIPE_MS = 2000;

/**
 * Programs that the suites run make ~/.local and the like where a home has none yet, which would count as left behind.
 * They get folders of this run, which goes with them. (The Incus client keeps to HOME; it was asked before the snapshot.)
 */
const OWN_FOLDERS = ["config", "data", "state", "cache"];

let running: ChildProcess | null = null;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stop.abort(signal);
    running?.kill(signal);
  });
}

const began = performance.now();
const wasRunning = await incusAnswers();
const isPrepared = await prepared();
const counts = isPrepared ? await runSuites() : [{ passed: 0, failed: 1 }];
if (!wasRunning && (await incusAnswers())) counts.push(await run(...STOP_DAEMON));
const passed = counts.reduce((sum, one) => sum + one.passed, 0);
const failed = counts.reduce((sum, one) => sum + one.failed, 0);
say(
  `All of it took ${seconds(began)} s${stop.signal.aborted ? `, then ${String(stop.signal.reason)} stopped it` : ""}.`,
);
process.exitCode = failed > 0 || stop.signal.aborted ? 1 : 0;
// The last line is the sum of them all, whoever printed one before.
console.log(`${passed} passed, ${failed} failed`);

function runtimeOrExit(): string {
  const { values } = parseArgs({ options: { runtime: { type: "string", default: "both" } } });
  const { data } = RUNTIME.safeParse(values.runtime);
  if (data !== undefined) return data;
  console.error(`--runtime is ${values.runtime}; it takes one of: ${RUNTIME.options.join(", ")}`);
  process.exit(2);
}

/** By the scripts that an operator runs; each does only what is missing. */
async function prepared(): Promise<boolean> {
  for (const script of ["scripts/install-incus.sh", "scripts/build-image.sh"]) {
    if (stop.signal.aborted || (await run("sh", script)).failed > 0) return false;
  }
  return true;
}

async function runSuites(): Promise<Counts[]> {
  // Not earlier: daemons that were started while packages were installed do not belong to this run.
  const leash = await holdLeash("test-incus");
  for (const name of OWN_FOLDERS) process.env[`XDG_${name.toUpperCase()}_HOME`] = join(leash.folder, name);
  const before = await snapshot();
  const counts: Counts[] = [];
  for (const [name, command, ...args] of SUITES) {
    if (stop.signal.aborted) break;
    const startedAt = performance.now();
    say(`${name}: ${[command, ...args].join(" ")}`);
    counts.push(await run(command, ...args));
    say(`${name} took ${seconds(startedAt)} s`);
  }
  const left = await leftSince(before, []);
  await leash.release(false).catch((error: unknown) => left.push(String(error)));
  say(left.length === 0 ? "Nothing was left behind." : `Left behind:\n${left.join("\n")}`);
  return [...counts, left.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }];
}

/** Shows what a program prints, and reads its counts there; one that counts nothing and ends well counts nothing. */
async function run(command: string, ...args: string[]): Promise<Counts> {
  const child = spawn(command, args, { cwd: CHECKOUT, stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    process.stdout.write(part);
    text = (text + part.toString()).slice(-4000);
  });
  const closed = once(child, "close");
  const [code, signal] = await once(child, "exit");
  // Something that was left running may hold the pipe open for ever.
  await Promise.race([closed, delay(PIPE_MS, undefined, { ref: false })]);
  running = null;
  const isFine = code === 0;
  const told = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/gm)].at(-1);
  if (told === undefined) {
    if (!isFine) say(`${command} ${args[0]} ended with ${String(signal ?? code)}`);
    return { passed: 0, failed: isFine ? 0 : 1 };
  }
  const skipped = Number(told[3] ?? 0);
  if (skipped > 0) say(`${skipped} were skipped: nothing that needs Incus may be`);
  const failed = Number(told[2]) + skipped;
  return { passed: Number(told[1]), failed: isFine ? failed : Math.max(failed, 1) };
}

function say(text: string): void {
  console.log(`\n=== ${text}`);
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1000);
}
