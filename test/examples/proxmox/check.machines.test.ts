import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CASES } from "../../../src/relay/conformance/cases.ts";
import { checkProgram } from "../../../src/relay/conformance/check.ts";
import { TIMEOUTS } from "../../../src/relay/drivers/exec/timeouts.ts";
import { localMachines } from "../../../examples/drivers/threefold/simulator/localMachines.ts";
import { isNight } from "../../helpers/nightly.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { standIn } from "./standIn.ts";

const PROGRAM = fileURLToPath(new URL("../../../examples/drivers/proxmox/driver", import.meta.url));

// The stand-in's machines need root. It starts the program some 200 times.
test.runIf(isNight && process.geteuid?.() === 0)(
  "the program for Proxmox keeps the whole contract",
  async () => {
    await using folder = await temporaryFolder();
    await using hypervisor = localMachines(folder.path, 0);
    await using proxmox = await standIn(hypervisor);
    const report = await checkProgram({
      program: PROGRAM,
      env: proxmox.env,
      timeouts: TIMEOUTS,
      settings: {
        shape: { vcpus: 1, memoryMib: 512, diskGib: 8 },
        image: "debian",
        instanceType: "virtual-machine",
        bootSeconds: 60,
      },
      signal: new AbortController().signal,
    });
    expect(report.cases.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    expect(report.passed).toBe(CASES.length);
    expect(report.left).toEqual([]);
    expect(proxmox.left()).toEqual([]);
  },
);
