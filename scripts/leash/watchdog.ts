import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { processes } from "../proc.ts";
import { outsideTmp, endAllOf } from "./belonging.ts";
import { deleteIncusMachines, installationsIn } from "./incusMachines.ts";
import { deleteIncusProjects, incusProjectsIn } from "./incusProjects.ts";

/**
 * The watchdog of a run (see leash.ts): `watchdog.ts FOLDER RUNNER-PID PARENT-PID`. Standard input is the run's pipe:
 *
 *     done      the run has cleaned up; nothing to do
 *     end       end everything that belongs to the run, keep its folder
 *     (empty)   the run was killed: end everything and remove the folder
 *
 * PARENT-PID is the process that started the run, or 0. If the run loses that parent, the watchdog kills the run.
 */
const [, , folder = "", runner = "", parent = ""] = process.argv;
const run = promisify(execFile);
const LOOK_MS = 500;
const TRIES = 3;

const watching = setInterval(killOrphan, LOOK_MS);
const word = (await text(process.stdin).catch(() => "")).trim();
clearInterval(watching);
if (word !== "done") await end(word === "end");

function killOrphan(): void {
  if (parent === "0") return;
  const found = processes().find(({ pid }) => pid === Number(runner));
  if (found !== undefined && found.parent !== Number(parent)) process.kill(found.pid, "SIGKILL");
}

async function end(keep: boolean): Promise<void> {
  await endAllOf(folder).catch(() => undefined);
  const installations = await installationsIn(folder).catch(() => []);
  const projects = await incusProjectsIn(folder).catch(() => []);
  await Promise.all([
    endRest(keep),
    deleteIncusMachines(installations)
      .then(() => deleteIncusProjects(projects))
      .catch(() => undefined),
  ]);
}

/** A process that is about to end may still start another one, or write a file. So this is repeated. */
async function endRest(keep: boolean): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await endAllOf(folder).catch(() => undefined);
    if (keep) continue;
    await unmountAllIn();
    const paths = [folder];
    for await (const path of glob(`${outsideTmp(folder)}-*`)) paths.push(path);
    await run("rm", ["-rf", "--one-file-system", "--", ...paths]).catch(() => undefined);
  }
}

/** Local machines' mounts end with their processes; these are mounts that a test has made on the host. */
async function unmountAllIn(): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const points = mounts
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) await run("umount", ["-l", point]).catch(() => undefined);
}
