import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { distances, type Read } from "../../scripts/change/graph.ts";

/**
 * A patch that breaks one rule. Its head says what it breaks and which test finds it:
 *
 *     Breaks: results of a lost lease are taken
 *     Test: test/domain/operations/lease.db.test.ts > I4 a stale token changes nothing
 */
export type Patch = {
  file: string;
  breaks: string;
  /** The test's file, from the root. */
  test: string;
  /** The test's name, with those of the groups it is in. */
  name: string;
  /** The files that it changes. */
  touches: readonly string[];
};

/** In order of their numbers. @throws Error if one of them has no proper head */
export async function readPatches(folder: string): Promise<Patch[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".patch")).toSorted();
  return Promise.all(files.map(async (file) => readPatch(file, await readFile(join(folder, file), "utf8"))));
}

/** @throws Error if its head lacks a line */
export function readPatch(file: string, text: string): Patch {
  const breaks = /^Breaks: (.+)$/m.exec(text)?.[1];
  const [, test, name] = /^Test: (\S+) > (.+)$/m.exec(text) ?? [];
  if (breaks === undefined || test === undefined || name === undefined) {
    throw new Error(`${file}: its head must have the lines "Breaks: …" and "Test: FILE > NAME"`);
  }
  const touches = [...text.matchAll(/^(?:---|\+\+\+) [ab]\/(\S+)/gm)].map(([, path = ""]) => path);
  return { file, breaks, test, name, touches: [...new Set(touches)] };
}

/**
 * Whether a change may alter what becomes of the patch: it touches the patch, the files that the patch changes, the test
 * or what the test imports in test/. What else the test reaches in src is left to the nightly run, or every change would
 * concern every patch.
 */
export function isConcerned(patch: Patch, changed: ReadonlySet<string>, read: Read): boolean {
  const helpers = distances(patch.test, read, (path) => path.startsWith("test/"));
  return [`verify/mutate/${patch.file}`, ...patch.touches, ...helpers.keys()].some((path) =>
    changed.has(path),
  );
}

/**
 * So many of them at most, others with another salt and the same with the same, in the order that they came in. A change
 * of half the tree concerns nearly every patch, which takes longer than everything else that CI does.
 * @param always are among them whatever is drawn
 */
export function drawn(
  patches: readonly Patch[],
  atMost: number,
  always: ReadonlySet<string>,
  salt: string,
): Patch[] {
  const rank = ({ file }: Patch) =>
    always.has(file) ? "" : createHash("sha256").update(`${salt} ${file}`).digest("hex");
  const kept = new Set(patches.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, atMost));
  return patches.filter((patch) => kept.has(patch));
}
