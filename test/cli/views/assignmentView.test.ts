import pc from "picocolors";
import { expect, test } from "vitest";
import { assignmentLines, sortedOutputs, sshCommand } from "../../../src/cli/views/assignmentView.ts";
import { anAssignment, inLine } from "../../client/samples.ts";

const now = Date.parse("2026-11-24T10:10:00.000Z");
const logIn = "npx warmpool ssh alice";
const layout = { columns: 80, colors: pc.createColors(false) };

test("an active one tells how to log in, then its outputs, url first", () => {
  const lines = assignmentLines(anAssignment({ expiresAt: "2026-11-24T12:10:00.000Z" }), logIn, layout, now);
  expect(lines).toEqual([
    "alice has wp-demo-7, set up 9m 55s ago.",
    "",
    "log in      npx warmpool ssh alice",
    "or plainly  ssh -p 20007 alice@127.0.0.1",
    "host key    ssh-ed25519 SHA256:uFWVJ3yUqFDEYNCTmLtHq3bUmYAhbIgWhPRhKTEnwyY",
    "pool        demo",
    "machine     wp-demo-7",
    "requested   10m ago",
    "expires     in 2h (2026-11-24 12:10 UTC)",
    "",
    "url    http://127.0.0.1:21007/",
    "token  abc",
  ]);
});

test("one in line tells its place and offers no login", () => {
  const lines = assignmentLines(inLine(2), logIn, layout, now);
  expect(lines.slice(0, 2).join(" ")).toBe(
    "alice waits for a machine of pool demo, place 2 in the queue, about 2m (1m to 4m).",
  );
  expect(lines.join("\n")).not.toContain("ssh");
});

test("a failed one tells the step and the cause within the columns", () => {
  const error = {
    code: "step_failed",
    message: "the script ended with 3, after a rather long while",
    step: "install",
  } as const;
  const failed = anAssignment({ state: "failed", error, outputs: {}, expiresAt: "2026-11-25T09:10:00.000Z" });
  const lines = assignmentLines(failed, logIn, layout, now);
  expect(lines.join(" ")).toContain("Set-up for alice failed in step install: the script ended with 3");
  expect(lines.join(" ").replaceAll(/ +/g, " ")).toContain(
    "error A step of the recipe, or the preparation of the account, failed (step_failed)",
  );
  expect(lines).toContain("held until  2026-11-25 09:10 UTC (in 23h), for inspection");
  expect(lines.every((line) => line.length <= 80)).toBe(true);
});

test("a released one offers no login", () => {
  expect(sshCommand(anAssignment({ state: "released" }))).toBeNull();
});

test("the standard port is left out of the ssh command", () => {
  const { machine } = anAssignment();
  const at22 = anAssignment({ machine: machine === null ? null : { ...machine, port: 22 } });
  expect(sshCommand(at22)).toBe("ssh alice@127.0.0.1");
});

test("outputs are sorted by name behind the url", () => {
  expect(sortedOutputs({ b: "2", url: "u", a: "1" }).map(([name]) => name)).toEqual(["url", "a", "b"]);
});
