import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { receipt } from "../../../src/contract/machine.ts";
import type { DeleteOperation } from "../../../src/contract/relay.ts";
import { deleteMachine } from "../../../src/relay/operations/delete.ts";
import type { Driver } from "../../../src/relay/driver.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode } from "../helpers/node.ts";

const operationOf = (name: string): DeleteOperation => ({
  kind: "delete",
  id: randomUUID(),
  token: 1,
  attempt: 1,
  machine: { id: randomUUID(), name, driverRef: null },
});

test("a delete ends with a receipt: a complete listing begun afterwards, without the machine", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const began = Date.now();
  const result = await deleteMachine(operationOf(machine.name), new TestLease(), node.tools);
  if (result.outcome !== "deleted") throw new Error(JSON.stringify(result));
  expect(receipt.parse(result.receipt)).toMatchObject({ kind: "listed", storageProof: "volumes" });
  expect(Date.parse(result.receipt.listingStartedAt ?? "")).toBeGreaterThanOrEqual(began);
  expect((await node.driver.list(new AbortController().signal)).machines).toEqual([]);
});

test("what is not there is proven gone as well", async () => {
  await using node = await testNode();
  expect(await deleteMachine(operationOf("m-never"), new TestLease(), node.tools)).toMatchObject({
    outcome: "deleted",
  });
});

const there = {
  name: "m-1",
  ref: "r",
  state: "unknown" as const,
  ssh: { host: "h", port: 1 },
  access: { host: "h", port: 1 },
};

test.each<[string, Partial<Driver>, RegExp]>([
  ["still found", { get: async () => there }, /still shows m-1/],
  [
    "still listed",
    { list: async () => ({ complete: true, machines: [there], storageProof: "volumes" }) },
    /still shows m-1/,
  ],
  [
    "not listed, by a listing that is not complete",
    { list: async () => ({ complete: false, machines: [], storageProof: "volumes" }) },
    /incomplete/,
  ],
  [
    "not to be asked for",
    { get: () => Promise.reject(new Error("the socket is gone")) },
    /the socket is gone/,
  ],
  ["not to be listed", { list: () => Promise.reject(new Error("the socket is gone")) }, /the socket is gone/],
  ["not to be deleted", { delete: () => Promise.reject(new Error("device busy")) }, /device busy/],
])("a machine that is %s is not gone", async (_, broken, message) => {
  await using node = await testNode();
  const driver: Driver = { ...node.driver, ...broken };
  const result = await deleteMachine(operationOf("m-1"), new TestLease(), { ...node.tools, driver });
  expect(result).toMatchObject({
    outcome: "delete_failed",
    message: expect.stringMatching(message) as string,
  });
});

test("nothing is touched without a lease", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const lease = new TestLease();
  lease.end();
  await expect(deleteMachine(operationOf(machine.name), lease, node.tools)).rejects.toThrow(LeaseLost);
  expect((await node.exec(machine, "true")).code).toBe(0);
});
