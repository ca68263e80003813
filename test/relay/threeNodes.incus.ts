import { test } from "vitest";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { threeNodes } from "./threeNodes.ts";

test("three nodes of three kinds, two pools: one is drained, one is lost and comes back, and testers notice nothing", async () => {
  await threeNodes({ driver: "incus" }, INSTALLED.image);
});
