import { expect, test } from "vitest";
import type { CheckReport } from "../../../src/relay/conformance/check.ts";
import { CASES } from "../../../src/relay/conformance/cases.ts";
import { isNight } from "../../helpers/nightly.ts";
import { programOf } from "../../relay/conformance/program.ts";
import { script } from "../../relay/drivers/exec/script.ts";
import { longest, unwrapped, warmpool } from "../run.ts";

/** `warmpool driver check`: the contract held by the program of the local driver, and what is said where it is not. */

// Breakages of each rule are seen in test/relay/conformance, and the driver itself in its own conformance tests.
test.runIf(isNight)("examples/drivers/local keeps the whole contract", async () => {
  await using program = await programOf();
  const ran = await warmpool(["driver", "check", program.path]);
  const failures = ran.stdout.split(/^(?=ok|FAIL|-)/m).filter((part) => !part.startsWith("ok"));
  expect(failures).toEqual([]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(ran.stdout.endsWith(`\n${CASES.length} passed, 0 failed\n`)).toBe(true);
  expect(longest(ran.stdout)).toBeLessThanOrEqual(80);
});

test("a failure is told in sentences, with the case to try alone, and ends with 1", async () => {
  await using program = await programOf(`[ "$1" = stop ] && exit 0`);
  const args = ["driver", "check", program.path, "--case", "stop-start"];
  const ran = await warmpool(args);
  expect(ran).toMatchObject({ code: 1, stderr: "" });
  expect(ran.stdout).toMatch(
    /^FAIL {2}a machine that was stopped and started keeps its data and its host +\d+\.\d s\n {6}key\n/,
  );
  expect(unwrapped(ran.stdout).replaceAll(/ +/g, " ")).toMatch(
    / stop of \S+ succeeded, but get reports running\. `stop` must stop the machine at once .*\(docs\/drivers\.md, "stop"\) Alone: --case stop-start 0 passed, 1 failed $/,
  );
  expect(longest(ran.stdout)).toBeLessThanOrEqual(80);
});

test.runIf(isNight)("--keep leaves the machine of a failed case, and --json says whose it is", async () => {
  await using program = await programOf(`[ "$1" = stop ] && exit 0`);
  const ran = await warmpool(["driver", "check", program.path, "--case", "stop-start", "--keep", "--json"]);
  expect(ran.code).toBe(1);
  const report = JSON.parse(ran.stdout) as CheckReport;
  expect(report).toMatchObject({
    passed: 0,
    failed: 1,
    untried: 0,
    cases: [{ id: "stop-start", outcome: "failed" }],
  });
  expect(report.left).toEqual([
    {
      installation: expect.any(String) as string,
      node: "check",
      machines: [expect.stringMatching(/^wp-check-/)],
      unproven: [],
    },
  ]);
});

test("--pass gives the program a variable of the environment, and no other", async () => {
  await using program = await script(`printf '{"version":"%s %s"}' "$GIVEN" "\${KEPT-none}"`);
  const args = ["driver", "check", program.path, "--case", "version", "--pass", "GIVEN"];
  const ran = await warmpool(args, { env: { GIVEN: "region-1", KEPT: "yes" } });
  expect(ran.stdout).toContain("driver: region-1 none\n");
  const missing = await warmpool(args);
  expect(missing).toMatchObject({ code: 1, stdout: "" });
  expect(unwrapped(missing.stderr)).toContain("--pass GIVEN: this environment variable is not set");
});

test("a case that there is not is wrong use, and the cases are named", async () => {
  const ran = await warmpool(["driver", "check", "/nowhere", "--case", "nothing"]);
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(ran.stderr)).toContain(`There are ${CASES.map(({ id }) => id).join(", ")}.`);
});

test("a program that is not there fails the first case, with what to look at", async () => {
  const ran = await warmpool(["driver", "check", "/nowhere/driver"]);
  expect(ran.code).toBe(1);
  expect(unwrapped(ran.stdout)).toMatch(/could not be started \(ENOENT\)/);
  expect(ran.stdout).toContain(`0 passed, 1 failed, ${CASES.length - 1} untried\n`);
});
