import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { incusAnswers } from "../leftovers/incus.ts";

/**
 * Finds and deletes the machines that a run has in Incus, where they are not processes of the run. Each machine carries
 * the mark of its installation, and the run's folder has a `relay.json` with that mark for every installation.
 */
const FILE = "**/relay.json";
/** What is in these folders belongs to the file systems of local machines. */
const MACHINES = "**/*machines*/**";
const CALL_MS = 120_000;
const TRIES = 15;
const PAUSE_MS = 1000;

const identity = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("no JSON");
      return z.NEVER;
    }
  })
  .pipe(z.looseObject({ installation: z.string().regex(/^[\w-]{1,64}$/) }));

/** Deletes the machines of every installation in that folder. @throws Error with what the Incus client printed */
export async function deleteIncusMachinesOf(folder: string): Promise<void> {
  await deleteIncusMachines(await installationsIn(folder));
}

/** Deletes the machines of these installations. @throws Error with what the Incus client printed */
export async function deleteIncusMachines(installations: readonly string[]): Promise<void> {
  if (installations.length === 0 || !(await incusAnswers())) return;
  for (const installation of installations) await deleteMarked(installation);
}

/** The marks of all installations in that folder. */
export async function installationsIn(folder: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const path of glob(FILE, { cwd: folder, exclude: [MACHINES] })) {
    const read = identity.safeParse(await readFile(join(folder, path), "utf8"));
    // An incomplete file is that of a relay that was killed before it could make a machine.
    if (read.success) found.add(read.data.installation);
  }
  return [...found];
}

/** Incus refuses to delete a machine that it is still making, so this is repeated. */
async function deleteMarked(installation: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const machines = await listMarked(installation);
    if (machines.length === 0) return;
    try {
      await Promise.all(
        machines.map(({ project, name }) => incus("delete", "--force", "--project", project, name)),
      );
    } catch (error) {
      if (tries === TRIES) throw error;
    }
    await delay(PAUSE_MS);
  }
}

async function listMarked(installation: string): Promise<{ project: string; name: string }[]> {
  const mark = `user.warmpool.installation=${installation}`;
  const listed = await incus("list", "--all-projects", mark, "--format", "csv", "--columns", "en");
  return listed
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [project = "", name = ""] = line.split(",");
      return { project, name };
    });
}

async function incus(...args: string[]): Promise<string> {
  const running = promisify(execFile)("incus", args, { timeout: CALL_MS });
  // Without this the client waits for configuration on standard input.
  running.child.stdin?.end();
  return (await running).stdout;
}
