import { expect, test } from "vitest";
import { EventLog } from "../../../src/cli/views/eventLog.ts";
import { CliError, EXIT } from "../../../src/cli/terminal/exit.ts";
import { failureJson, failureOf } from "../../../src/cli/terminal/failure.ts";
import { tableColumnsOf } from "../../../src/cli/terminal/output.ts";
import type { Stream } from "../../../src/cli/terminal/output.ts";
import { table } from "../../../src/cli/terminal/table.ts";
import { portProblem } from "../../../src/stack/ports.ts";
import { warmpool } from "../run.ts";

/** What programs read: nothing is cut for a screen that is not there, and a failure has its code. */
const terminal = { isTTY: true, columns: 100 } as Stream;
const pipe = {} as Stream;

test("a table has the terminal's columns; in a pipe those of COLUMNS, else as many as it needs", () => {
  expect(tableColumnsOf(terminal, { COLUMNS: "40" })).toBe(100);
  expect(tableColumnsOf(pipe, { COLUMNS: "120" })).toBe(120);
  expect(tableColumnsOf(pipe, {})).toBe(Number.POSITIVE_INFINITY);
  for (const COLUMNS of ["", "wide", "-3", "0", "7"])
    expect(tableColumnsOf(pipe, { COLUMNS })).toBe(Number.POSITIVE_INFINITY);
  const row = { name: "x".repeat(90), remark: "y".repeat(90) };
  const columns = [
    { title: "NAME", value: (one: typeof row) => one.name },
    { title: "REMARK", value: (one: typeof row) => one.remark },
  ];
  const [, line] = table(columns, [row], Number.POSITIVE_INFINITY);
  expect(line).toBe(`${row.name}  ${row.remark}`);
});

test("events keep their whole reason, in a pipe and on a terminal", () => {
  const event = {
    ...{ id: 1, at: "2026-11-24T10:00:00.000Z", kind: "pool", actor: "admin:anna", pool: "demo" },
    ...{ reason: "asked_for_by_somebody_with_a_long_story", machine: null, machineName: null, node: null },
    ...{ username: null, assignment: null, before: null, after: null, data: null },
  } as unknown as Parameters<EventLog["lines"]>[0][number];
  const [, whole] = new EventLog(Number.POSITIVE_INFINITY).lines([event]);
  expect(whole).toMatch(/pool demo +asked for by somebody with a long story +admin:anna$/);
  expect(new EventLog(80).lines([event]).slice(1)).toEqual([
    "10:00:00  pool demo",
    "          asked for by somebody with a long story               admin:anna",
  ]);
});

test("a failure under --json is one line of JSON on standard error, with its code where the API gave one", async () => {
  const ran = await warmpool(["status", "--json", "--state-dir", "/nowhere"]);
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr.trimEnd()).not.toContain("\n");
  expect(JSON.parse(ran.stderr)).toMatchObject({
    error: { code: null, exit: 1, message: expect.stringContaining("no Warmpool") as string },
  });
  const mistyped = await warmpool(["status", "--nothing", "--json"]);
  expect({ ...mistyped, stderr: JSON.parse(mistyped.stderr) as unknown }).toEqual({
    code: 2,
    stdout: "",
    stderr: {
      error: {
        code: null,
        message: "unknown option '--nothing'",
        hint: "--help shows how to use a verb",
        exit: 2,
      },
    },
  });
  expect(failureJson(failureOf(new CliError(EXIT.wrongUse, "no", "do"), null))).toEqual({
    error: { code: null, message: "no", hint: "do", exit: 2 },
  });
});

test.each([
  ["EADDRINUSE", /is in use by another program.*--port 81$/],
  ["EACCES", /^port 80 on 127\.0\.0\.1 is not allowed for this user: ports below \d+ need root\./],
  ["ENETDOWN", /is not available \(ENETDOWN\)/],
])("a port that cannot be had (%s) is refused with its own cause", (code, words) => {
  expect(portProblem(80, code)).toMatch(words);
});
