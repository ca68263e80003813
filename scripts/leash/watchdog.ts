import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { processes } from "../proc.ts";
import { beyondTmp, endAllOf } from "./belonging.ts";
import { deleteIncusMachines, installationsIn } from "./incusMachines.ts";

/**
 * The other end of a run's leash (leash.ts): `watchdog.ts FOLDER RUNNER-PID PARENT-PID`, with the run's pipe as standard
 * input. `done` there: nothing is left to do. `end`: ends what belongs to the run and leaves its folder. The pipe's end
 * without a word: removes the folder too. A parent other than 0 is watched: where it is gone the run is killed.
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
  const installations = new Set<string>();
  // What was cut off in the middle may have started or written something after the first look.
  for (let tries = 0; tries < TRIES; tries += 1) {
    await endAllOf(folder).catch(() => undefined);
    for (const found of await installationsIn(folder).catch(() => [])) installations.add(found);
    if (keep) continue;
    await unmountAllIn();
    const paths = [folder];
    for await (const path of glob(`${beyondTmp(folder)}-*`)) paths.push(path);
    await run("rm", ["-rf", "--one-file-system", "--", ...paths]).catch(() => undefined);
  }
  await deleteIncusMachines([...installations]).catch(() => undefined);
}

/** Machines' own mounts end with their processes; a test may have made one on the host. */
async function unmountAllIn(): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const points = mounts
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) await run("umount", ["-l", point]).catch(() => undefined);
}
