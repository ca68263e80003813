import { fileURLToPath } from "node:url";
import { scriptProblems } from "./supply/installScripts.ts";
import { licenceProblems, licensed } from "./supply/licences.ts";
import { readManifest } from "./supply/lock.ts";
import { ranges, unpinned } from "./supply/pins.ts";
import { shipped } from "./supply/shipped.ts";

/**
 * `npm run supply`: lists the licences of all packages that are passed on with Warmpool, and fails if one of them is
 * not allowed, if a version or a content is not pinned, or if an install script has no reason. Needs no network; what
 * does is `npm run audit`.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const { manifest, lock } = readManifest(root);
const packages = shipped(lock, manifest).map((path) => licensed(root, lock, path));
const problems = [
  ...ranges(manifest),
  ...unpinned(lock),
  ...scriptProblems(lock, manifest.allowScripts),
  ...licenceProblems(packages),
];

const byLicence = Map.groupBy(packages, ({ licence }) => licence ?? "none");
for (const [licence, members] of [...byLicence].toSorted(([one], [other]) => one.localeCompare(other)))
  console.log(`${licence}: ${members.map(({ name, version }) => `${name} ${version}`).join(", ")}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
