import { expect, test } from "vitest";
import { allCommands, commandTree } from "../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../src/cli/terminal/output.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { unwrapped, warmpool } from "./run.ts";

/** An option's value that is refused before anything is asked is said by the option's name, with what it takes. */
/** Numbers, durations and shapes. */
const CHECKED =
  /^--(limit|shape|ttl|expires|after|boot|orphan-keep|extend-ceiling|waiting-too-long|event-retention|history-retention)$/;

const program = () =>
  buildProgram({
    out: terminalOutput(process.stdout, process.stderr, {}),
    env: {},
    url: null,
    exitCode: 0,
    ask: null,
  });

const checkedOptions = allCommands(commandTree(program())).flatMap(({ path, options }) =>
  options
    .filter(({ value, long }) => value !== null && (value.kind === "choice" || CHECKED.test(long)))
    .map(({ long }) => [[...path, long].join(" "), path, long] as const),
);

test("the options that are checked here are found", () => {
  expect(checkedOptions.length).toBeGreaterThan(8);
});

test.each(checkedOptions)("`%s` with nonsense", async (_, path, long) => {
  const ran = await warmpool([...path, long, "nonsense"]);
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  const words = unwrapped(ran.stderr);
  expect(words).toContain(long);
  expect(words).toMatch(/such as|Write |Allowed choices are|from \d|it takes/i);
});

test.each([
  ["capacity --shape 4x8", "Write it as VCPUxMEMORYxDISK, memory and disk in GiB, such as 2x4x20."],
  ["capacity --shape 0x8x20", "Its vcpus "],
  ["assign alice --key k --ttl 59s", "It must be at least 1m."],
  ["assign alice --key k --ttl 400d", "It must be at most 366d."],
  ["extend alice --ttl 59s", "It must be at least 1m."],
  ["token create app --expires 1s", "It must be at least 1m."],
  ["settings put --orphan-keep 31d", "It must be at most 30d."],
  ["settings put --event-retention 4000d", "It must be at most 3660d."],
  ["settings put", "give at least one of --orphan-keep, --extend-ceiling,"],
  ["node set n1", "give at least one of --concurrency, --silence-seconds."],
])("`%s` is refused before anything is sent", async (line, words) => {
  const ran = await warmpool(line.split(" "), { url: "http://127.0.0.1:9" });
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(ran.stderr)).toContain(words);
});
