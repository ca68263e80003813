import { execFile } from "node:child_process";
import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { incusAnswers } from "../leftovers/incus.ts";

/**
 * Projects that a run has in Incus for itself alone, where what it sets and makes meets no other run. The run's folder has
 * a file with the name of each, written before the project is made, so that it is found however the run ends.
 */
const FILE = "incus-project";
const CALL_MS = 120_000;

/** Says that a project of that name belongs to whatever has this folder. */
export async function noteIncusProject(folder: string, name: string): Promise<void> {
  await writeFile(join(folder, FILE), name);
}

/** The names of all projects that are noted in that folder. */
export async function incusProjectsIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const path of glob(`**/${FILE}`, { cwd: folder, exclude: ["**/*machines*/**"] }))
    names.push(await readFile(join(folder, path), "utf8"));
  return names.filter((name) => /^wp-[0-9a-f]{8}$/.test(name));
}

/** Deletes these projects with everything in them. @throws Error with what the Incus client printed */
export async function deleteIncusProjects(names: readonly string[]): Promise<void> {
  if (names.length === 0 || !(await incusAnswers())) return;
  const there = (await incus("project", "list", "--format", "csv", "--columns", "n")).split("\n");
  for (const name of names.filter((one) => there.includes(one))) {
    const listed = await incus("list", "--project", name, "--format", "csv", "--columns", "n");
    const instances = listed.split("\n").filter(Boolean);
    if (instances.length > 0) await incus("delete", "--force", "--project", name, ...instances);
    for (const kind of ["image", "profile"]) {
      const urls = JSON.parse(await incus("query", `/1.0/${kind}s?project=${name}`)) as string[];
      const found = urls.map((url) => url.replace(/^.*\//, "").replace(/\?.*$/, ""));
      // The profile `default` goes with the project.
      for (const one of found.filter((each) => each !== "default"))
        await incus(kind, "delete", one, "--project", name);
    }
    await incus("project", "delete", name);
  }
}

async function incus(...args: string[]): Promise<string> {
  const running = promisify(execFile)("incus", args, { timeout: CALL_MS });
  // Without this the client waits for configuration on standard input.
  running.child.stdin?.end();
  return (await running).stdout;
}
