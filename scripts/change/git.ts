import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Read } from "./graph.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Longer than the work on one change takes, from its first commit to the last. */
const HOURS = 12;

/** What git prints, in lines. @throws Error with git's own words */
export async function git(...args: string[]): Promise<string[]> {
  const { stdout } = await run("git", args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
  return stdout.split(/\0|\n/).filter((line) => line !== "");
}

/**
 * The commit that a change began with. Nothing in a clone says what landed together, so the first of these that there is:
 *
 * 1. WARMPOOL_CI_BASE, for who knows it;
 * 2. the commit at which this branch left origin/main;
 * 3. on main itself, the newest commit that is 12 hours older than the last, a day of work: the night tries all.
 *
 * Null if history does not reach so far (a young repository, or a shallow clone): then everything is new.
 * @throws Error if WARMPOOL_CI_BASE names no commit
 */
export async function changeBase(): Promise<string | null> {
  const given = process.env["WARMPOOL_CI_BASE"] ?? "";
  if (given !== "") return commitNamed(given);
  const head = await commitNamed("HEAD");
  const [fork] = await git("merge-base", "origin/main", "HEAD").catch(() => []);
  if (fork !== undefined && fork !== head) return fork;
  const [seconds = ""] = await git("show", "--no-patch", "--format=%ct", "HEAD");
  const before = new Date((Number(seconds) - HOURS * 3600) * 1000).toISOString();
  const [old] = await git("rev-list", "--max-count=1", `--before=${before}`, "HEAD");
  return old ?? null;
}

/** @throws Error if it names no commit of this clone */
export async function commitNamed(name: string): Promise<string> {
  const [commit] = await git(
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${name}^{commit}`,
  ).catch(() => []);
  if (commit === undefined)
    throw new Error(`${name} names no commit of this clone. Fetch it, or name another.`);
  return commit;
}

/** Files that differ from that commit in the working tree, new ones that git does not know yet among them. */
export async function changedSince(commit: string): Promise<Set<string>> {
  const [known, fresh] = await Promise.all([
    git("diff", "--name-only", "--no-renames", "-z", commit, "--"),
    git("ls-files", "--others", "--exclude-standard", "-z"),
  ]);
  return new Set([...known, ...fresh]);
}

/** Reads the working tree. */
export const readTree: Read = (path) => {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
};
