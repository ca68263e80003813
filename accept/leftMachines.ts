import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { run } from "./program.ts";

/**
 * Deletes what a failed part has left in Incus, where no process of its own holds it: the machines with the mark of the
 * installation that its state folder was of, and no others.
 * @throws Error where Incus does not delete them
 */
export async function deleteMachinesOf(stateDir: string): Promise<void> {
  const text = await readFile(join(stateDir, "relay", "relay.json"), "utf8").catch(() => null);
  // It never got as far as making one.
  if (text === null) return;
  const { installation } = z.looseObject({ installation: z.uuid() }).parse(JSON.parse(text));
  await deleteMarked(installation);
}

/** Deletes all that carries the installation's mark. @throws Error where Incus does not delete it */
export async function deleteMarked(installation: string): Promise<void> {
  const mark = `user.warmpool.installation=${installation}`;
  const names = (await incus("list", mark, "--format", "csv", "--columns", "n")).split("\n").filter(Boolean);
  if (names.length > 0) await incus("delete", "--force", ...names);
}

async function incus(...args: string[]): Promise<string> {
  const ran = await run("incus", ["--project", "warmpool", ...args], 120);
  if (ran.code === 0) return ran.stdout;
  throw new Error(`incus ${args.join(" ")} ended with ${ran.code}: ${ran.stderr.trim()}`);
}
