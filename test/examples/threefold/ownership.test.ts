import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { deploymentOf } from "../../../examples/drivers/threefold/deployment.ts";
import { markText, readMark } from "../../../examples/drivers/threefold/mark.ts";
import { DriverError } from "../../../src/relay/driver.ts";
import { deadline } from "../../helpers/patience.ts";
import { NOTHING, OWNER, requestOf, testGrid } from "./grid.ts";

/** What is whose, and since when and how long it is there. */
const soon = () => deadline(30);
const OTHER = { ...OWNER, installation: "another" };

type Grid = Awaited<ReturnType<typeof testGrid>>;
const deploy = (grid: Grid, name: string, owner = OWNER) =>
  grid.grid.deploy(
    deploymentOf(requestOf(name, 10), { ...owner, name, machine: name, port: 1 }, [], grid.settings),
    soon(),
  );
const shown = async ({ driver }: Pick<Grid, "driver">) =>
  (await driver.list(soon())).machines.map(({ name, state }) => `${name} ${state}`);

test("a contract that the index does not have yet: its machine is listed", async () => {
  await using grid = await testGrid({ indexMs: 1_000_000 });
  await deploy(grid, "demo-1");
  expect(await shown(grid)).toEqual(["demo-1 running"]);
  expect(await grid.driver.get("demo-1", soon())).toMatchObject({
    ref: "contract 1",
    mark: { ...OWNER, machine: "demo-1" },
    ssh: { host: "::1", port: 1 },
  });
});

test("a contract whose deployment never began: a machine in an unknown state, which can be deleted", async () => {
  await using grid = await testGrid();
  await grid.chain.create(7, 11, markText({ ...OWNER, name: "demo-1", machine: "demo-1", port: 1 }));
  expect(await shown(grid)).toEqual(["demo-1 unknown"]);
  await grid.driver.delete("demo-1", soon());
  expect(await shown(grid)).toEqual([]);
});

test("a machine that outlives its contract: listed, and its delete is over when the node has removed it", async () => {
  const removed = Promise.withResolvers<void>();
  await using grid = await testGrid({}, { ...NOTHING, destroy: () => removed.promise });
  using _ = { [Symbol.dispose]: removed.resolve };
  await deploy(grid, "demo-1");
  await grid.grid.cancel(1, soon());
  expect(await grid.grid.active(soon())).toEqual([]);
  expect(await shown(grid)).toEqual(["demo-1 unknown"]);
  const giveUp = new AbortController();
  const deleting = grid.driver.delete("demo-1", giveUp.signal);
  expect(await shown(grid)).toEqual(["demo-1 unknown"]);
  giveUp.abort(new DriverError("retry", "given up"));
  await expect(deleting).rejects.toMatchObject({ code: "retry" });
  removed.resolve();
  await grid.driver.delete("demo-1", soon());
  expect(await shown(grid)).toEqual([]);
});

test("machines of another installation: not shown, not deleted, and their names are not given out again", async () => {
  await using grid = await testGrid();
  await deploy(grid, "demo-1", OTHER);
  expect(await shown(grid)).toEqual([]);
  expect(await grid.driver.get("demo-1", soon())).toBeNull();
  await grid.driver.delete("demo-1", soon());
  await expect(grid.driver.create(requestOf("demo-1", 10), soon())).rejects.toMatchObject({ code: "failed" });
  expect(await shown({ driver: grid.driverOf(OTHER) })).toEqual(["demo-1 running"]);
});

test("a grid that cannot stop machines: a stop changes nothing and is no error, a start is one", async () => {
  await using grid = await testGrid();
  await deploy(grid, "demo-1");
  const driver = grid.driverOf(OWNER, { WARMPOOL_GRID_POWER: "none" });
  await driver.stop("demo-1", soon());
  expect(await shown({ driver })).toEqual(["demo-1 running"]);
  await expect(driver.start("demo-1", soon())).rejects.toMatchObject({ code: "failed" });
});

test.each([
  ["status 500", 500, `{"data":{"nodeContracts":[],"nodeContractsConnection":{"totalCount":0}},"result":[]}`],
  ["no JSON", 200, "<html>"],
  ["something else", 200, `{"data":{"nodeContracts":[{}]}}`],
])(
  "a server that answers with %s: nothing is known, which is not the same as no machine",
  async (_, status, body) => {
    const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using grid = await testGrid();
    const driver = grid.driverOf(OWNER, { WARMPOOL_GRID_URL: `http://127.0.0.1:${port}` });
    await expect(driver.get("demo-1", soon())).rejects.toMatchObject({ code: "retry" });
    await expect(driver.list(soon())).rejects.toMatchObject({ code: "retry" });
    server.close();
  },
);

test("marks: read as they were written, and nothing else is one", () => {
  const mark = { ...OWNER, name: "demo-1", machine: "demo-0", port: 1 };
  expect(readMark(markText(mark))).toEqual(mark);
  for (const text of ["", "null", `{"name":"demo-1","projectName":"vm/demo-1"}`])
    expect(readMark(text)).toBeNull();
  expect(() => markText({ ...mark, node: "n".repeat(500) })).toThrow(/512 bytes/);
});
