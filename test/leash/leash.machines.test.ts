import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { processesOf } from "../../scripts/leash/belonging.ts";
import { readProcess } from "../../src/stack/processes.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";

const RUNNER = fileURLToPath(new URL("runner.ts", import.meta.url));
/** What starts a run, as npm does. */
const STARTER = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, process.argv.slice(1), { stdio: "inherit" });`;
/** Of each of these one runs: the child, the one that has lost its parent, and what `all` adds. */
const PARTS = ["sleep 600", "sleep 601"];
const ALL = [...PARTS, "/postgres -D ", "init.sh"];

test("leash: the run is killed → its processes, database, machine and folder are gone within 10 s", async () => {
  const run = await started([RUNNER, "all"], ALL);
  run.child.kill("SIGKILL");
  await gone(run);
});

test("leash: what has started the run is killed → the run ends, and all of it", async () => {
  const run = await started(["-e", STARTER, RUNNER]);
  const ended = once(run.child, "close");
  run.child.kill("SIGKILL");
  await gone(run);
  // The run held the starter's output.
  await ended;
});

test("leash: a run ends by itself and has lost processes → it names them, and they are ended", async () => {
  const run = await started([RUNNER]);
  const said = text(run.child.stdout);
  run.child.stdin.end("release\n");
  expect(await said).toMatch(/sleep 601\n/);
  expect(await said).not.toMatch(/sleep 600/);
  expect(run.pids.filter(isRunning)).toEqual([]);
});

test("belonging: whoever works in the folder, or looks at it → belongs to nobody's run", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  // A person's environment has nothing of this run.
  const shell = { PATH: process.env["PATH"], PWD: path, OLDPWD: path };
  const [person, run] = [shell, { ...shell, TMPDIR: path }].map((env) => {
    const child = spawn("tail", ["-f", "/dev/null", `${path}/log`], { cwd: path, env, stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child.pid;
  });
  expect(person).toBeDefined();
  await until("the run's own process", () => processesOf(path).length > 0);
  expect(processesOf(path).map(({ pid }) => pid)).toEqual([run]);
});

type Run = { child: ReturnType<typeof spawnPiped>; folder: string; pids: number[] };

/** A run with all its parts. */
async function started(args: string[], parts = PARTS): Promise<Run> {
  const child = spawnPiped(args);
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data", { signal: AbortSignal.timeout(50_000) });
  const folder = String(line).trim();
  // Kept for a look where a run has lost something.
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const found = processesOf(folder);
  for (const part of parts) expect(found.map(({ command }) => command).join("\n")).toContain(part);
  return { child, folder, pids: found.map(({ pid }) => pid) };
}

function spawnPiped(args: string[]) {
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
}

async function gone({ folder, pids }: Run): Promise<void> {
  const left = () => [...pids.filter(isRunning), ...(existsSync(folder) ? [folder] : [])];
  await until("all of it to be gone", () => left().length === 0, { seconds: 10 }).catch((cause: unknown) => {
    throw new Error(`left: ${left().join(", ")}`, { cause });
  });
}

function isRunning(pid: number): boolean {
  return !["X", "Z", undefined].includes(readProcess(pid)?.state);
}
