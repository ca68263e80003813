import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { processesOf } from "../../scripts/leash/belonging.ts";
import { readProcess } from "../../src/stack/processes.ts";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";
import { isNight } from "../helpers/nightly.ts";

const RUNNER = fileURLToPath(new URL("runner.ts", import.meta.url));
/** Starts a run, like npm. */
const STARTER = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, process.argv.slice(1), { stdio: "inherit" });`;
const WAIT = "setInterval(() => undefined, 60_000)";
/** On the command lines of a child, of one that has lost its parent, and of what `all` adds. */
const PARTS = ["sleep 600", "sleep 601"];
const ALL = [...PARTS, "/postgres -D ", "init.sh"];

test("leash: the run is killed → its processes, database, machine and folder are gone within 10 s", async () => {
  const run = await started([RUNNER, "all"], ALL);
  run.child.kill("SIGKILL");
  await gone(run);
});

test.runIf(isNight)(
  "leash: the run's parent is killed → the run ends, with everything that it has started",
  async () => {
    const run = await started(["-e", STARTER, RUNNER]);
    const ended = once(run.child, "close");
    run.child.kill("SIGKILL");
    await gone(run);
    // Its output closes when the run has ended too.
    await ended;
  },
);

test.runIf(isNight)(
  "leash: a run has lost processes at its end → it fails with their names, and they are ended",
  async () => {
    const run = await started([RUNNER]);
    const said = text(run.child.stdout);
    run.child.stdin.end("release\n");
    expect(await said).toMatch(/sleep 601\n/);
    expect(await said).not.toMatch(/sleep 600/);
    expect(run.pids.filter(isRunning)).toEqual([]);
  },
);

test("belonging: a person's process works in the folder or has its files open → it is no process of the run", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  // Unlike the environment of everything that a run has started.
  const shell = { PATH: process.env["PATH"], PWD: path, OLDPWD: path };
  const [person, run] = [shell, { ...shell, TMPDIR: path }].map((env) => {
    const child = spawn(process.execPath, ["-e", WAIT, `${path}/log`], { cwd: path, env, stdio: "ignore" });
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
  const [line] = await once(child.stdout, "data", { signal: deadline(50) });
  const folder = String(line).trim();
  // A run that has lost something keeps its folder.
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const found = await until("all of its processes", () => {
    const seen = processesOf(folder);
    return parts.every((part) => seen.some(({ command }) => command.includes(part))) && seen;
  });
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
