import { Option } from "commander";
import type { Command } from "commander";
import type { CaseResult, CheckReport, Left } from "../relay/conformance/check.ts";
import type { Settings } from "../relay/conformance/subject.ts";
import { CliError, EXIT } from "./exit.ts";
import type { Cli, GlobalOptions } from "./session.ts";
import { clean, fit, pad, wrap } from "./text.ts";
import { parseDuration } from "./time.ts";
import { wholeNumber } from "./wholeNumber.ts";

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
    .description("programs that make machines")
    .command("check")
    .description("run the conformance suite against a driver program (docs/drivers.md)")
    .argument("<program>", "the program; it makes and deletes real machines")
    .option("--case <id>", "only this case; may be repeated", collect)
    .option("--keep", "leave what failed cases made, to be looked at")
    .option("--pass <name>", "an environment variable that the program sees; may be repeated", collect)
    .option("--image <image>", "the machines' image, as a pool names it", "default")
    .addOption(
      new Option("--type <type>", "what the machines are")
        .choices(["virtual-machine", "container"])
        .default("virtual-machine"),
    )
    .option("--memory <mib>", "memory of a machine", wholeNumber, 1024)
    .option("--disk <gib>", "disk of a machine", wholeNumber, 8)
    .option("--call <duration>", "what any call may take (default: as a relay waits)", parseDuration)
    .option("--timeout <command=time>", "what one command may take, as for the relay; repeatable", collect)
    .option("--boot <duration>", "from a create until a login works (default: 10m)", parseDuration, 600)
    .action(async function (this: Command, path: string) {
      await check(path, this.optsWithGlobals<CheckVerbOptions>(), cli);
    });
}

async function check(program: string, options: CheckVerbOptions, cli: Cli): Promise<void> {
  const { CASES } = await import("../relay/conformance/cases.ts");
  const { checkProgram } = await import("../relay/conformance/check.ts");
  const { passedOn } = await import("../relay/drivers/exec/passedOn.ts");
  const { changedTimeouts, timeoutsOf } = await import("../relay/drivers/exec/timeouts.ts");
  const unknown = options.case?.find((id) => CASES.every((one) => one.id !== id));
  if (unknown !== undefined) {
    const ids = CASES.map(({ id }) => id).join(", ");
    throw new CliError(EXIT.wrongUse, `there is no case ${unknown}.`, `There are ${ids}.`);
  }
  const usual = options.call === undefined ? undefined : timeoutsOf(options.call);
  const timeouts = changedTimeouts(options.timeout ?? [], usual);
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
      if (options.json !== true) cli.out.print(...resultLines(result, cli.out.columns));
    },
    signal: interrupted(cli),
  });
  if (options.json === true) cli.out.json(report);
  else cli.out.print(...closing(report, cli.out.columns));
  cli.exitCode = report.failed + report.untried + report.left.length === 0 ? EXIT.done : EXIT.failed;
}

const WORDS = { passed: "ok", failed: "FAIL", untried: "-" } as const;
const INDENT = 6;

function resultLines({ id, title, outcome, seconds, note, failure }: CaseResult, columns: number): string[] {
  const time = outcome === "untried" ? "untried" : `${seconds.toFixed(1)} s`;
  const room = columns - INDENT - time.length - 1;
  const texts = [
    ...(note === null ? [] : [note]),
    ...(failure === null ? [] : [failure.did, `${failure.must} (${failure.where})`, `Alone: --case ${id}`]),
  ];
  return [
    `${pad(WORDS[outcome], INDENT)}${pad(fit(title, room), room)} ${time}`,
    ...texts.flatMap((text) => indented(text, columns)),
  ];
}

function closing({ passed, failed, untried, left }: CheckReport, columns: number): string[] {
  const rest = untried === 0 ? "" : `, ${untried} untried`;
  return [
    ...left.flatMap((one) => indented(leftBehind(one), columns)),
    `${passed} passed, ${failed} failed${rest}`,
  ];
}

function leftBehind({ installation, node, machines }: Left): string {
  return (
    `Left behind: ${machines.join(", ")}. To delete one: ` +
    `\`echo '{"name":"NAME"}' | WARMPOOL_INSTALLATION=${installation} WARMPOOL_NODE=${node} PROGRAM delete\``
  );
}

function indented(text: string, columns: number): string[] {
  return wrap(clean(text), columns - INDENT).map((line) => " ".repeat(INDENT) + line);
}

/** Aborted by the first SIGINT or SIGTERM: what the check made is deleted first. A second one ends it at once. */
function interrupted(cli: Cli): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      cli.out.note("Stopping; deleting what the check has made.");
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return controller.signal;
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
