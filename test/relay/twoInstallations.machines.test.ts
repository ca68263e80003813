import { test } from "vitest";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { twoInstallations } from "./twoInstallations.ts";
import { isNight } from "../helpers/nightly.ts";

test.runIf(isNight)(
  "R9 two installations share a node's machines folder: each reaps its own orphan, and no other's machine",
  async () => {
    await using folder = await temporaryFolder();
    await twoInstallations({ driver: "local", machines: folder.path }, "local");
  },
);
