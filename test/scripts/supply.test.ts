import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { verdictOn } from "../../scripts/supply/advisories.ts";
import { scriptProblems } from "../../scripts/supply/installScripts.ts";
import { licenceIn, licenceProblems, licensed } from "../../scripts/supply/licences.ts";
import { closure, type Lock, nameAt, readManifest } from "../../scripts/supply/lock.ts";
import { ranges, unpinned } from "../../scripts/supply/pins.ts";
import { shipped } from "../../scripts/supply/shipped.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { manifest, lock } = readManifest(ROOT);

/** What a production install must not have: tools, and what the dashboard is built from. */
const DEVELOPERS_ONLY =
  /^(?:@types\/|@typescript\/|(?:typescript|pg|react|react-dom|vite|vitest|esbuild|wrangler|miniflare|workerd|node|playwright-core)$)/;
const LARGEST_MB = 40;

/** A lock file of these packages, each as far as the test is about it. */
function lockOf(packages: Record<string, Partial<Lock["packages"][string]>>): Lock {
  const entry = { version: "1.0.0", hasInstallScript: false };
  const none = { dependencies: {}, optionalDependencies: {}, peerDependencies: {}, peerDependenciesMeta: {} };
  return {
    packages: Object.fromEntries(
      Object.entries(packages).map(([path, more]) => [path, { ...entry, ...none, ...more }]),
    ),
  };
}

test("supply: what is in the package → no range, every content pinned, every install script with a reason", () => {
  expect(ranges(manifest)).toEqual([]);
  expect(unpinned(lock)).toEqual([]);
  expect(scriptProblems(lock, manifest.allowScripts)).toEqual([]);
});

test("supply: what is passed on → every licence allowed, with the dashboard's packages", () => {
  const packages = shipped(lock, manifest).map((path) => licensed(ROOT, lock, path));
  expect(licenceProblems(packages)).toEqual([]);
  const names = packages.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["zod", "ssh2", "bcrypt-pbkdf", "react", "scheduler", "wouter"]),
  );
});

test(`supply: a production install → nothing of the developers, and at most ${LARGEST_MB} MB`, () => {
  const paths = closure(lock, Object.keys(manifest.dependencies), manifest.bundleDependencies);
  expect(paths.map(nameAt).filter((name) => DEVELOPERS_ONLY.test(name))).toEqual([]);
  const bytes = paths.reduce((sum, path) => sum + sizeOf(join(ROOT, path)), 0);
  expect(bytes / 1e6).toBeLessThan(LARGEST_MB);
  expect(bytes / 1e6).toBeGreaterThan(1);
});

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

test("closure: nested versions, peers and optional packages → as npm installs them", () => {
  const tree = lockOf({
    "node_modules/a": {
      dependencies: { b: "1" },
      optionalDependencies: { elsewhere: "1" },
      peerDependencies: { peer: "1", extra: "1" },
      peerDependenciesMeta: { extra: { optional: true } },
    },
    "node_modules/a/node_modules/b": { dependencies: { c: "1" } },
    "node_modules/b": {},
    "node_modules/c": {},
    "node_modules/peer": {},
    "node_modules/extra": {},
  });
  const own = ["node_modules/a", "node_modules/a/node_modules/b", "node_modules/c"];
  expect(closure(tree, ["a"], [])).toEqual([...own, "node_modules/peer"]);
  expect(closure(tree, ["a"], ["a"])).toEqual(own);
  expect(() => closure(lockOf({ "node_modules/a": { dependencies: { b: "1" } } }), ["a"], [])).toThrow(
    "package-lock.json lacks b, which node_modules/a requires",
  );
});

test.each(["^1.2.3", "~1.2.3", "1.x", "*", "latest", "1.2", ">=1.2.3", "github:a/b", "1.2.3 || 1.2.4"])(
  "pins: the version %s → a range",
  (version) => {
    expect(ranges({ dependencies: { a: version }, devDependencies: { b: "1.2.3-beta.1" } })).toEqual([
      `package.json: a is ${version}. Write one exact version, such as 1.2.3.`,
    ]);
  },
);

test("pins: a package without a hash, or with a weak one → named", () => {
  const tree = lockOf({
    "node_modules/a": { integrity: "sha1-abc=" },
    "node_modules/b/node_modules/@c/d": {},
    "node_modules/e": { integrity: "sha512-abc=" },
  });
  expect(unpinned(tree).map((line) => line.split(" has ")[0])).toEqual([
    "package-lock.json: a 1.0.0",
    "package-lock.json: @c/d 1.0.0",
  ]);
});

test("install scripts: an unknown one, one that is gone, one with another answer → each named", () => {
  const tree = lockOf({
    "node_modules/new": { hasInstallScript: true },
    "node_modules/known": { hasInstallScript: true },
    "node_modules/gone": {},
  });
  const scripts = { known: { runs: false, why: "" }, gone: { runs: false, why: "" } };
  expect(scriptProblems(tree, { known: true }, scripts).map((line) => line.split(". ")[0])).toEqual([
    "new 1.0.0 has an install script",
    "gone has no install script",
    "allowScripts of package.json has another answer for known than scripts/supply/installScripts.ts",
  ]);
});

test.each([
  [{ license: "MIT" }, "MIT", true],
  [{ license: { type: "ISC" } }, "ISC", true],
  [{ licenses: [{ type: "GPL-2.0" }, { type: "MIT" }] }, "GPL-2.0 OR MIT", true],
  [{ license: "(MIT OR AGPL-3.0)" }, "(MIT OR AGPL-3.0)", true],
  [{ license: "(MIT AND AGPL-3.0)" }, "(MIT AND AGPL-3.0)", false],
  [{ license: "SEE LICENSE IN FILE" }, "SEE LICENSE IN FILE", false],
  [{ licenses: [] }, null, false],
  [{}, null, false],
])("licences: %j → %s", (declared, licence, isAllowed) => {
  expect(licenceIn(declared)).toBe(licence);
  expect(licenceProblems([{ name: "a", version: "1.0.0", licence }])).toHaveLength(isAllowed ? 0 : 1);
});

test("licences: one that is not allowed → package, version, licence and what to do", () => {
  expect(licenceProblems([{ name: "a", version: "1.0.0", licence: "AGPL-3.0" }])).toEqual([
    "a 1.0.0 has the licence AGPL-3.0. Read it: if it allows passing the code on under Apache-2.0, add it to ALLOWED " +
      "in scripts/supply/licences.ts; if not, do without the package.",
  ]);
});

test("audit: a report with advisories → only high and critical ones count", () => {
  const vulnerabilities = Object.fromEntries(
    ["low", "moderate", "high", "critical"].map((severity) => [
      severity,
      { name: severity, severity, range: "<2" },
    ]),
  );
  const verdict = verdictOn(JSON.stringify({ auditReportVersion: 2, vulnerabilities }));
  expect(verdict.kind === "answered" && verdict.severe.map((line) => line.split(" ")[0])).toEqual([
    "high",
    "critical",
  ]);
  expect(verdictOn(JSON.stringify({ vulnerabilities: {} }))).toEqual({ kind: "answered", severe: [] });
});

test.each([
  ['{"message": "405 Method Not Allowed - POST https://registry.example", "error": {}}', /^405 Method/],
  ["", /^no report$/],
  ["<html>", /^no report$/],
])("audit: `%s` → no answer, and no failure", (printed, why) => {
  expect(verdictOn(printed)).toEqual({ kind: "unanswered", why: expect.stringMatching(why) });
});

test("build: writes the SBOM, and the package has it", () => {
  const { scripts, files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(scripts.build).toContain(" && node scripts/sbom.ts && ");
  expect(files).toContain("dist");
});
