import { expect, test } from "vitest";
import { inventory } from "../../../src/contract/node.ts";
import { nodeEquation } from "../../../src/domain/capacity/equation.ts";
import { deploymentOf } from "../../../examples/drivers/threefold/deployment.ts";
import { deadline } from "../../helpers/patience.ts";
import { NOTHING, OWNER, requestOf, testGrid } from "./grid.ts";

/** What the program says that a node has, and what Warmpool makes of it. */
const soon = () => deadline(30);
const asked = { shape: { vcpus: 1, memoryMib: 1024, diskGib: 502 }, instanceType: null };

test("R5 two SSDs of 1.92 TB, machines of 502 GiB: 7 by totals, 6 that fit, 5 beside a disk that outlived its contract", async () => {
  await using grid = await testGrid();
  const counted = async () =>
    nodeEquation(inventory.parse(await grid.driver.capacity(soon())), [], asked, null);
  expect(await counted()).toMatchObject({ nominal: 7, placeable: 6, binding: "disk" });

  const marked = { ...OWNER, name: "demo-1", machine: "demo-1", port: 1 };
  await grid.grid.deploy(deploymentOf(requestOf("demo-1", 502), marked, [], grid.settings), soon());
  const standing = await counted();
  expect(standing).toMatchObject({ nominal: 7, placeable: 5, drift: { noRow: ["demo-1"] } });
  expect(standing.terms).toContainEqual({ kind: "leaked", count: 1, names: ["demo-1"] });

  grid.node.options.leaks = true;
  await grid.driver.delete("demo-1", soon());
  expect((await grid.driver.list(soon())).machines).toEqual([]);
  const leaked = await counted();
  expect(leaked).toMatchObject({ nominal: 7, placeable: 5, drift: { noRow: [] } });
  expect(leaked.terms).toContainEqual({ kind: "other_load", count: 1, names: [] });
});

test.each([
  [131_072, 13_108],
  [8192, 2048],
])("of %i MiB of memory %i are kept back, and are not available", async (memoryMib, reserve) => {
  await using grid = await testGrid({ memoryMib });
  const { memoryMib: memory } = await grid.driver.capacity(soon());
  expect(memory).toEqual({ total: memoryMib, available: memoryMib - reserve, reserve });
});

test.each([
  ["a disk larger than what is left of either SSD, smaller than both", [100, 100], 150],
  ["a root disk that would have no room", [101, 1], 100],
])("%s: no capacity, and nothing is paid for", async (_, sizes, diskGib) => {
  const devices = sizes.map((gib, at) => ({ name: `nvme${at}`, size: gib * 2 ** 30 }));
  await using grid = await testGrid({ devices });
  const create = grid.driver.create(requestOf("demo-1", diskGib), soon());
  await expect(create).rejects.toMatchObject({ code: "no_capacity" });
  expect(grid.chain.made).toBe(0);
});

test("a node that finds no room although it said that there is some: no capacity, and nothing is left", async () => {
  const boot = () => Promise.reject(new Error("not enough space left in pools of this type ssd"));
  await using grid = await testGrid({}, { ...NOTHING, boot });
  const create = grid.driver.create(requestOf("demo-1", 502), soon());
  await expect(create).rejects.toMatchObject({ code: "no_capacity" });
  expect(grid.chain.active(11)).toEqual([]);
  expect(grid.node.deployments(7)).toEqual([]);
});
