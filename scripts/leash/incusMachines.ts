import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { incusAnswers } from "../leftovers/incus.ts";

/**
 * The machines in Incus of a run, which no process of its own holds. A run's folder has a `relay.json` for each
 * installation of it, which names the mark that the installation's machines carry.
 */
const FILE = "**/relay.json";
/** Folders of machines: their files are theirs. */
const MACHINES = "**/*machines*/**";
const CALL_MS = 120_000;

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

/** Deletes the machines of every installation in that folder, and no others. @throws Error where Incus does not */
export async function deleteIncusMachinesOf(folder: string): Promise<void> {
  await deleteIncusMachines(await installationsIn(folder));
}

/** Deletes the machines of these installations. @throws Error where Incus does not */
export async function deleteIncusMachines(installations: readonly string[]): Promise<void> {
  if (installations.length === 0 || !(await incusAnswers())) return;
  for (const installation of installations) await deleteMarked(installation);
}

/** Marks of the installations whose relays have a folder in that one. */
export async function installationsIn(folder: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const path of glob(FILE, { cwd: folder, exclude: [MACHINES] })) {
    const read = identity.safeParse(await readFile(join(folder, path), "utf8"));
    // One that was cut off while it was written has made no machine yet.
    if (read.success) found.add(read.data.installation);
  }
  return [...found];
}

async function deleteMarked(installation: string): Promise<void> {
  const mark = `user.warmpool.installation=${installation}`;
  const listed = await incus("list", "--all-projects", mark, "--format", "csv", "--columns", "en");
  for (const line of listed.split("\n").filter(Boolean)) {
    const [project = "", name = ""] = line.split(",");
    await incus("delete", "--force", "--project", project, name);
  }
}

async function incus(...args: string[]): Promise<string> {
  const running = promisify(execFile)("incus", args, { timeout: CALL_MS });
  // Otherwise the client takes what comes there for configuration.
  running.child.stdin?.end();
  return (await running).stdout;
}
