import { expect, test } from "vitest";
import { allCommands, commandTree } from "../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../src/cli/terminal/output.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { unwrapped, warmpool } from "./run.ts";

/** An option's value that is refused before anything is asked is said by the option's name, with what it takes. */
/** Numbers and durations. */
const CHECKED =
  /^--(limit|ttl|expires|after|boot|orphan-keep|extend-ceiling|waiting-too-long|event-retention|history-retention)$/;

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
