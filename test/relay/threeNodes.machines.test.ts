import { describe } from "vitest";
import { isNight } from "../helpers/nightly.ts";
import { testOnSystem as test } from "./helpers/node.ts";
import { threeNodes } from "./threeNodes.ts";

// By day the same is shown on Incus (threeNodes.incus.ts), as part of .ci/run.
describe.runIf(isNight)("at night", () => {
  test("three nodes, two pools: one is drained, one is lost and comes back, and testers notice nothing", async () => {
    await threeNodes({ driver: "exec", machinesAtMost: 4 }, "local");
  });
});
