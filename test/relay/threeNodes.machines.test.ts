import { testOnSystem as test } from "./helpers/node.ts";
import { threeNodes } from "./threeNodes.ts";

test("three nodes, two pools: one is drained, one is lost and comes back, and testers notice nothing", async () => {
  await threeNodes({ driver: "exec", machinesAtMost: 4 }, "local");
});
