import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CASES } from "../../../src/relay/conformance/cases.ts";
import { checkProgram } from "../../../src/relay/conformance/check.ts";
import { TIMEOUTS } from "../../../src/relay/drivers/exec/timeouts.ts";
import { localMachines } from "../../../examples/drivers/threefold/simulator/localMachines.ts";
import { isNight } from "../../helpers/nightly.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { requestOf, testGrid } from "./grid.ts";

const PROGRAM = fileURLToPath(new URL("../../../examples/drivers/threefold/driver", import.meta.url));

// Machines of a simulated grid need root. It starts the program some 200 times.
test.runIf(isNight && process.geteuid?.() === 0)("the program keeps the whole contract", async () => {
  await using folder = await temporaryFolder();
  await using hypervisor = localMachines(folder.path, 500);
  await using grid = await testGrid({ blockMs: 50, indexMs: 500, noticeMs: 300 }, hypervisor);
  const { image, instanceType, shape } = requestOf("any", 8);
  const { cases, left } = await checkProgram({
    program: PROGRAM,
    env: grid.env,
    timeouts: TIMEOUTS,
    settings: { image, instanceType, shape, bootSeconds: 60 },
    signal: new AbortController().signal,
  });
  expect(cases.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  expect(cases).toHaveLength(CASES.length);
  expect(left).toEqual([]);
});
