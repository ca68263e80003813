import { Option } from "commander";
import type { Command } from "commander";
import type { CaseResult, CheckReport, Left } from "../../relay/conformance/check.ts";
import type { Settings } from "../../relay/conformance/subject.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { formedOutput, printed } from "../session/session.ts";
import type { Cli, GlobalOptions } from "../session/session.ts";
import { isPlain } from "../terminal/form.ts";
import type { Listing } from "../terminal/listing.ts";
import { quote } from "../../relay/ssh/shell.ts";
import { clean, pad, wrap } from "../terminal/text.ts";
import { parseDuration } from "../terminal/time.ts";
import { collect } from "../inputs/collect.ts";
import { driverOption } from "../inputs/driverOption.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";

type CheckVerbOptions = GlobalOptions & {
  case?: string[];
  keep?: true;
  pass?: string[];
  image: string;
  type: Settings["instanceType"];
  memory: number;
  disk: number;
  call?: number;
  timeout?: string[];
  boot: number;
};

/** `warmpool driver check PROGRAM`: holds a driver program to its contract. Talks to no Warmpool. */
export function driver(program: Command, cli: Cli): void {
  program
    .command("driver")
    .description("programs that create machines")
    .command("check")
    .description("run the conformance suite against a driver program (docs/drivers.md)")
    .argument("<program>", "the program; it creates and deletes real machines")
    .option("--case <id>", "only this case; may be repeated", collect)
    .option("--keep", "keep what failed cases created, for inspection")
    .addOption(driverOption("pass"))
    .option("--image <image>", "the image of the machines, as in a pool spec", "default")
    .addOption(
      new Option("--type <type>", "type of the machines")
        .choices(["virtual-machine", "container"])
        .default("virtual-machine"),
    )
    .option("--memory <mib>", "memory of a machine", wholeNumber, 1024)
    .option("--disk <gib>", "disk of a machine", wholeNumber, 8)
    .option("--call <duration>", "time limit of each call (default: that of a relay)", parseDuration)
    .option("--timeout <command=time>", "time limit of one command, as for the relay; repeatable", collect)
    .option(
      "--boot <duration>",
      "time limit from a create until a login works (default: 10m)",
      parseDuration,
      600,
    )
    .action(async function (this: Command, path: string) {
      await check(path, this.optsWithGlobals<CheckVerbOptions>(), cli);
    });
}

const RESULTS: Listing<CheckReport, CaseResult> = {
  columns: [
    { title: "CASE", value: ({ id }) => id, keep: true },
    { title: "OUTCOME", value: ({ outcome }) => outcome },
    { title: "SECONDS", value: ({ seconds }) => seconds, align: "right" },
    { title: "TITLE", value: ({ title }) => title },
    { title: "DID", value: ({ failure }) => failure?.did ?? null },
    { title: "MUST", value: ({ failure }) => failure?.must ?? null },
    { title: "NOTE", value: ({ note }) => note },
  ],
  rows: ({ cases }) => cases,
};

async function check(program: string, options: CheckVerbOptions, cli: Cli): Promise<void> {
  const formed = await formedOutput(cli, options, RESULTS);
  const { CASES } = await import("../../relay/conformance/cases.ts");
  const { checkProgram } = await import("../../relay/conformance/check.ts");
  const { passedOn } = await import("../../relay/drivers/exec/passedOn.ts");
  const { changedTimeouts, timeoutsOf } = await import("../../relay/drivers/exec/timeouts.ts");
  const unknown = options.case?.find((id) => CASES.every((one) => one.id !== id));
  if (unknown !== undefined) {
    const ids = CASES.map(({ id }) => id).join(", ");
    throw new CliError(EXIT.wrongUse, `there is no case ${unknown}.`, `There are ${ids}.`);
  }
  const usual = options.call === undefined ? undefined : timeoutsOf(options.call);
  const timeouts = changedTimeouts(options.timeout ?? [], usual);
  const isNew = firstSaid();
  const report = await checkProgram({
    program,
    timeouts,
    env: passedOn(options.pass ?? [], cli.env),
    cases: CASES.filter(({ id }) => options.case?.includes(id) ?? true),
    keep: options.keep === true,
    settings: {
      shape: { vcpus: 1, memoryMib: options.memory, diskGib: options.disk },
      image: options.image,
      instanceType: options.type,
      bootSeconds: options.boot,
    },
    onResult: (result) => {
      if (isPlain(formed.form)) cli.out.print(...resultLines(folded(result, isNew), cli.out.columns));
    },
    signal: interrupted(cli),
  });
  if (!printed(formed, report, RESULTS)) cli.out.print(...closing(report, cli.out.columns));
  cli.exitCode = report.failed + report.untried + report.left.length === 0 ? EXIT.done : EXIT.failed;
}

const WORDS = { passed: "ok", failed: "FAIL", untried: "-" } as const;
const INDENT = 6;
/** What a program says in so many characters is shown again each time. */
const WORTH_FOLDING = 100;

function resultLines({ id, title, outcome, seconds, note, failure }: CaseResult, columns: number): string[] {
  const time = outcome === "untried" ? "untried" : `${seconds.toFixed(1)} s`;
  const room = columns - INDENT - time.length - 1;
  const texts = [
    ...(note === null ? [] : [note]),
    ...(failure === null ? [] : [failure.did, `${failure.must} (${failure.where})`, `Alone: --case ${id}`]),
  ];
  const [first = "", ...rest] = wrap(title, room);
  return [
    `${pad(WORDS[outcome], INDENT)}${pad(first, room)} ${time}`,
    ...rest.map((line) => " ".repeat(INDENT) + line),
    ...texts.flatMap((text) => indented(text, columns)),
  ];
}

function closing({ program, passed, failed, untried, left }: CheckReport, columns: number): string[] {
  const rest = untried === 0 ? "" : `, ${untried} untried`;
  return [
    ...left.flatMap((one) => [...indented(leftBehind(one), columns), deletion(program, one)]),
    `${passed} passed, ${failed} failed${rest}`,
  ];
}

function leftBehind({ machines, unproven }: Left): string {
  const sure = machines.filter((name) => !unproven.includes(name));
  return [
    ...(sure.length === 0 ? [] : [`Left behind: ${sure.join(", ")}.`]),
    ...(unproven.length === 0
      ? []
      : [
          `Possibly left behind, because the driver does not report whether they are gone: ${unproven.join(", ")}.`,
        ]),
    "To delete what is left, in the same environment:",
  ].join(" ");
}

/** One line, whatever its length, that can be pasted as it is. */
export function deletion(program: string, { installation, node, machines }: Left): string {
  return (
    `for name in ${machines.join(" ")}; do printf '{"name":"%s"}' "$name" | ` +
    `WARMPOOL_INSTALLATION=${installation} WARMPOOL_NODE=${node} ${quote(program)} delete; done`
  );
}

function indented(text: string, columns: number): string[] {
  return wrap(clean(text), columns - INDENT).map((line) => " ".repeat(INDENT) + line);
}

/** Remembers what programs have said, and in which case; names and numbers in it make no difference. */
export function firstSaid(): (said: string, id: string) => string | null {
  const before = new Map<string, string>();
  return (said, id) => {
    const key = said.replaceAll(/[0-9a-f]{8,}|\d+/g, "#");
    const first = before.get(key) ?? null;
    if (first === null) before.set(key, id);
    return first;
  };
}

/** Without what the program printed, where that is long and was shown for an earlier case. */
export function folded(result: CaseResult, before: (said: string, id: string) => string | null): CaseResult {
  const { id, failure } = result;
  if (failure === null || failure.said === null) return result;
  const first = before(failure.said, id);
  if (first === null || failure.said.length < WORTH_FOLDING) return result;
  const did = failure.did.replace(failure.said, () => `(the same output as in the case ${first})`);
  return { ...result, failure: { ...failure, did } };
}

/** Aborted by the first SIGINT or SIGTERM: what the check made is deleted first. A second one ends it at once. */
function interrupted(cli: Cli): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      cli.out.note("Stopping; deleting what the check has created.");
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return controller.signal;
}
