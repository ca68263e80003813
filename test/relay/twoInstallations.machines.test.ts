import { describe, test } from "vitest";
import { isNight } from "../helpers/nightly.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { twoInstallations } from "./twoInstallations.ts";

// By day the same is shown on Incus (twoInstallations.incus.ts), as part of .ci/run.
describe.runIf(isNight)("at night", () => {
  test("R9 two installations share a node's machines folder: each reaps its own orphan, and no other's machine", async () => {
    await using folder = await temporaryFolder();
    await twoInstallations({ driver: "local", machines: folder.path }, "local");
  });
});
