import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { entryOf, nameAt, type Lock } from "./lock.ts";

/** Under which licences other people's code is passed on with Warmpool. */

/** They ask for a notice at most, so they fit into a package under Apache-2.0. SPDX identifiers. */
export const ALLOWED = ["Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "Unlicense"];

export type Licensed = { name: string; version: string; licence: string | null };

/** Old packages have a list, each with a `type`. */
const declared = z.object({
  license: z.union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)]).optional(),
  licenses: z.array(z.object({ type: z.string() })).optional(),
});

/** @returns the licence that a package.json declares as an SPDX expression, or null */
export function licenceIn(manifest: unknown): string | null {
  const { data } = declared.safeParse(manifest);
  const several = data?.licenses?.map(({ type }) => type).join(" OR ");
  return data?.license ?? (several === "" ? null : (several ?? null));
}

/** What the installed package declares; for one that is not installed, what the lock file says. */
export function licensed(root: string, lock: Lock, path: string): Licensed {
  const { version, license } = entryOf(lock, path);
  const file = `${root}/${path}/package.json`;
  const own = existsSync(file) ? licenceIn(JSON.parse(readFileSync(file, "utf8"))) : null;
  return { name: nameAt(path), version, licence: own ?? license ?? null };
}

/** Whether one of the alternatives consists of allowed licences only. */
function isAllowed(expression: string): boolean {
  const alternatives = expression.replaceAll(/[()]/g, "").split(" OR ");
  return alternatives.some((all) => all.split(" AND ").every((one) => ALLOWED.includes(one.trim())));
}

/** @returns a sentence for each package whose licence is unknown or not in the list */
export function licenceProblems(packages: readonly Licensed[]): string[] {
  return packages
    .filter(({ licence }) => licence === null || !isAllowed(licence))
    .map(
      ({ name, version, licence }) =>
        `${name} ${version} has ${licence === null ? "no declared licence" : `the licence ${licence}`}. Read it: if it allows passing ` +
        "the code on under Apache-2.0, add it to ALLOWED in scripts/supply/licences.ts; if not, do without the package.",
    );
}
