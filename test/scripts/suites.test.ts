import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { DRIVERS, RUNTIMES } from "../../verify/harness/options.ts";

/** That nothing which can fail is in neither of the two runs. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

/** Scripts that show nothing by themselves. Any other one has to be run by .ci/run or .ci/nightly. */
const TOOLS = [
  ...["start", "server", "migrate", "relay", "build", "build:dashboard", "prepack", "generate", "format"],
  ...["docs", "screenshots"],
];
/** Made of what `check` and `test` run. */
const PARTS = ["test:quick"];

/** Stages of both runs, before their lanes. */
const BOTH = stages(".ci/stages.sh");
const RUN = [...BOTH, ...stages(".ci/run")];
const NIGHTLY = [...BOTH, ...stages(".ci/nightly")];

/** The commands of a run's stages: those of `stage NAME LIMIT COMMAND…`. */
function stages(path: string): string[] {
  const lines = read(path).matchAll(/^ *stage (?:"[^"]+"|\S+) \d+m (.+)$/gm);
  return [...lines].map(([, command = ""]) => command);
}

/** The npm scripts that the commands run, with those that these run in turn. */
function reached(commands: readonly string[]): Set<string> {
  const found = new Set<string>();
  const queue = [...commands];
  for (const command of queue) {
    for (const [, verb, named] of command.matchAll(/\bnpm (test|run(?: --silent)? ([\w:]+))/g)) {
      const name = verb === "test" ? "test" : (named ?? "");
      if (found.has(name)) continue;
      found.add(name);
      queue.push(scripts[name] ?? "");
      // What runs several of them itself has their names in a list.
      const [, parts = ""] = /^const PARTS = \[(.+)\];$/m.exec(sourceOf(name)) ?? [];
      queue.push(...[...parts.matchAll(/"([^"]+)"/g)].map(([, part = ""]) => `npm run ${part}`));
    }
  }
  return found;
}

/** The program that the npm script runs by Node, or "". */
function sourceOf(name: string): string {
  const file = /node (?:--import \S+ )?(\S+\.ts)/.exec(scripts[name] ?? "")?.[1];
  return file === undefined ? "" : read(file);
}

/** Whether some stage of that npm script is given all of these options. */
function has(commands: readonly string[], script: string, ...options: string[]): boolean {
  return commands.some(
    (command) =>
      reached([command]).has(script) && options.every((option) => `${command} `.includes(` ${option} `)),
  );
}

test("every stage that is an npm script is one that there is, and a change has at least these", () => {
  const least = ["check", "supply", "audit", "test", "mutate", "fuzz", "accept", "test:incus"];
  expect([...reached(RUN)]).toEqual(expect.arrayContaining(least));
  expect([...reached([...RUN, ...NIGHTLY])].filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("every npm script that can fail is in .ci/run or .ci/nightly", () => {
  const known = new Set([...TOOLS, ...PARTS, ...reached([...RUN, ...NIGHTLY])]);
  expect(Object.keys(scripts).filter((name) => !known.has(name))).toEqual([]);
});

test("every configuration of vitest is used by a script that one of them runs", () => {
  const sources = [...reached([...RUN, ...NIGHTLY])].map((name) => `${scripts[name]} ${sourceOf(name)}`);
  const configurations = readdirSync(root).filter((name) => /^vitest\..*config\.ts$/.test(name));
  expect(configurations).toContain("vitest.config.ts");
  for (const name of configurations.filter((one) => one !== "vitest.config.ts"))
    expect(sources.some((source) => source.includes(name))).toBe(true);
  // All of its projects: no filter.
  expect(scripts["test"]).toBe("node scripts/ready.js dev && exec vitest run");
});

test("a change runs the test command of the README", () => {
  const [, command = ""] = /## Work on it\n\n`([^`]+)`/.exec(read("README.md")) ?? [];
  expect(command).toMatch(/^npm /);
  expect(RUN).toContain(command);
});

test("the acceptance run: one diagonal of drivers and runtimes at every change, the other one at night", () => {
  const parts = (commands: readonly string[]) =>
    DRIVERS.flatMap((driver) =>
      RUNTIMES.filter((runtime) =>
        driver === "incus"
          ? has(commands, "test:incus", `--runtime ${runtime}`)
          : has(commands, "accept", `--driver ${driver}`, `--runtime ${runtime}`),
      ).map((runtime) => `${driver} ${runtime}`),
    );
  expect(parts(RUN)).toEqual(["local workerd", "incus node"]);
  expect(parts(NIGHTLY)).toEqual(["local node", "incus workerd"]);
});

test("the browser tests: the edge on Node at every change, in workerd at night", () => {
  const [, runtimes = "", usual = ""] =
    /z\.enum\(\[(.+)\]\).*WARMPOOL_BROWSER_RUNTIME"\] \?\? "(\w+)"/.exec(read("test/browser/setup.ts")) ?? [];
  const tested = (commands: readonly string[]) =>
    commands
      .filter((command) => reached([command]).has("test:browser"))
      .map((command) => /WARMPOOL_BROWSER_RUNTIME=(\w+)/.exec(command)?.[1] ?? usual);
  expect(tested(RUN)).toEqual(["node"]);
  expect([...tested(RUN), ...tested(NIGHTLY)].toSorted()).toEqual(JSON.parse(`[${runtimes}]`));
});

test("every part of the acceptance run is shown on local, by day or at night", () => {
  const [, all = ""] = /^const PARTS: .*= \[(.+)\];$/m.exec(read("verify/accept/main.ts")) ?? [];
  const partsOf = (commands: readonly string[]) =>
    commands
      .filter((command) => has([command], "accept", "--driver local"))
      .flatMap((command) => (/--only ([\w,]+)/.exec(command)?.[1] ?? all).split(/, ?/));
  const shown = new Set(partsOf([...RUN, ...NIGHTLY]));
  expect(all.split(", ").filter((part) => !shown.has(part))).toEqual([]);
  // A day has no time for it.
  expect(partsOf(RUN)).not.toContain("restore");
});

test("acceptance on Incus: the night has every part, the day all but what only the night has time for", () => {
  const [, all = ""] = /^const PARTS: .*= \[(.+)\];$/m.exec(read("verify/accept/main.ts")) ?? [];
  const [, day = ""] = /\? \[\] : \["--only", "([\w,]+)"\]/.exec(read("scripts/testIncus.ts")) ?? [];
  const byDay = day.split(",");
  // The README's commands need a network that machines of Incus do not have here.
  expect(all.split(", ").filter((part) => !byDay.includes(part))).toEqual([
    "readme",
    "secrets",
    "faults",
    "power",
    "burst",
    "restore",
    "outside",
  ]);
  expect(
    NIGHTLY.some((command) => command.includes("WARMPOOL_TEST_NIGHTLY=1 npm run --silent test:incus")),
  ).toBe(true);
});

test("the night has fault runs on each driver, generated histories, every mutation and a seed of its own", () => {
  for (const driver of DRIVERS) expect(has(NIGHTLY, "chaos", `--driver ${driver}`)).toBe(true);
  for (const runtime of ["", "--runtime workerd"])
    expect(has(NIGHTLY, "fuzz", ...(runtime === "" ? [] : [runtime]))).toBe(true);
  expect(
    NIGHTLY.some((command) => /WARMPOOL_MODEL_RUNS=\d{4,} npx vitest run test\/domain\/model$/.test(command)),
  ).toBe(true);
  expect(NIGHTLY).toContain("npm run --silent mutate");
  const seeded = NIGHTLY.filter((command) => /chaos|fuzz|accept|model/.test(command));
  expect(seeded.filter((command) => !command.includes('"$seed"'))).toEqual([]);
});
