import { readFileSync } from "node:fs";
import { z } from "zod";

/** package.json and package-lock.json, and what of the lock file reaches whoever installs Warmpool. */
const names = z.record(z.string(), z.string()).default({});

/** Fields that are not named here are kept: the SBOM is made from them. */
const locked = z.looseObject({
  version: z.string().default(""),
  integrity: z.string().optional(),
  license: z.string().optional(),
  hasInstallScript: z.boolean().default(false),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
});
export type Locked = z.infer<typeof locked>;

const lockFile = z.looseObject({ packages: z.record(z.string(), locked) });
export type Lock = z.infer<typeof lockFile>;

const manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  dependencies: names,
  devDependencies: names,
  bundleDependencies: z.array(z.string()).default([]),
  allowScripts: z.record(z.string(), z.boolean()).default({}),
});
export type Manifest = z.infer<typeof manifest>;

/** @throws ZodError if one of the two has another form */
export function readManifest(root: string): { manifest: Manifest; lock: Lock } {
  const read = (name: string): unknown => JSON.parse(readFileSync(`${root}/${name}`, "utf8"));
  return { manifest: manifest.parse(read("package.json")), lock: lockFile.parse(read("package-lock.json")) };
}

/** The package's name, from where it is installed: `node_modules/a/node_modules/@b/c` → `@b/c`. */
export function nameAt(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/**
 * What npm installs for these packages: their dependencies, also optional ones and peers, and the dependencies of
 * those. Nothing is installed for what a packed file brings (`bundled`) but what that file brings too, so their peers
 * are left out.
 * @returns paths in the lock file, sorted
 * @throws Error if the lock file lacks a package that another one requires
 */
export function closure(lock: Lock, roots: readonly string[], bundled: readonly string[]): string[] {
  const found = new Set<string>();
  const queue = roots.map((name) => ({ from: "", name, isRequired: true }));
  for (const { from, name, isRequired } of queue) {
    const path = resolved(lock, from, name);
    if (path === null) {
      if (isRequired)
        throw new Error(`package-lock.json lacks ${name}, which ${from || "package.json"} requires`);
      continue;
    }
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = entryOf(
      lock,
      path,
    );
    const add = (more: string[], required: boolean) =>
      queue.push(...more.map((other) => ({ from: path, name: other, isRequired: required })));
    add(Object.keys(optionalDependencies), false);
    add(
      Object.keys(dependencies).filter((other) => !Object.hasOwn(optionalDependencies, other)),
      true,
    );
    if (bundled.includes(name)) continue;
    const isOptional = (other: string) => peerDependenciesMeta[other]?.optional === true;
    add(
      Object.keys(peerDependencies).filter((other) => !isOptional(other)),
      true,
    );
  }
  return [...found].toSorted();
}

/** @throws Error if there is none */
export function entryOf(lock: Lock, path: string): Locked {
  const entry = lock.packages[path];
  if (entry === undefined) throw new Error(`package-lock.json has no entry ${path}`);
  return entry;
}

/** As Node resolves it: beside the package, then in each folder above. */
function resolved(lock: Lock, from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const path = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (Object.hasOwn(lock.packages, path)) return path;
    if (at === "") return null;
  }
}
