import { expect, test } from "vitest";
import type { NodeFacts } from "../../../src/domain/capacity/nodeFacts.ts";
import { nowhere } from "../../../src/domain/capacity/nowhere.ts";
import { chooseNode, type Wish } from "../../../src/domain/capacity/chooseNode.ts";

const shape = { vcpus: 1, memoryMib: 1024, diskGib: 10 };
const wish: Wish = { name: "demo", shape, instanceType: "container", placement: "spread" };

/** A node with memory for so many machines beside those it has. */
function nodeOf(name: string, room: number, ofPool = 0, overrides: Partial<NodeFacts> = {}): NodeFacts {
  const rows = Array.from({ length: ofPool }, (_, index) => ({
    name: `${name}-${index}`,
    pool: "demo",
    state: "ready" as const,
    shape,
    instanceType: "container" as const,
  }));
  const inventory = {
    cpus: 64,
    memoryMib: { total: 1024 * (room + ofPool), available: 1024 * (room + ofPool), reserve: 0 },
    disks: [{ name: "d", totalGib: 10_000, usedGib: 0, thin: false }],
    machines: [],
    overheads: { memoryMib: 0, bootMemoryMib: 0, diskGib: 0 },
  };
  return {
    name,
    state: "online",
    heardLately: true,
    scheduling: "open",
    labels: [],
    inventory,
    inventoryAt: "2026-01-01T00:00:00.000Z",
    inventoryAgeSeconds: 1,
    full: {},
    concurrency: 2,
    braked: false,
    rows,
    gone: [],
    ...overrides,
  };
}

function inventoryOf({ inventory }: NodeFacts): NonNullable<NodeFacts["inventory"]> {
  if (inventory === null) throw new Error("it has said nothing yet");
  return inventory;
}

test("spread takes the node with the fewest of the pool, then the one with most room, and says before which", () => {
  const nodes = [nodeOf("a", 9, 2), nodeOf("b", 3, 1), nodeOf("c", 5, 1)];
  expect(chooseNode(nodes, wish)).toEqual({
    node: "c",
    why: "spread: c (1 of the pool, room for 5), before b (1 of the pool, room for 3); a (2 of the pool, room for 9)",
  });
});

test("pack takes the node where it is tightest", () => {
  const nodes = [nodeOf("a", 9), nodeOf("b", 3, 1), nodeOf("c", 5)];
  expect(chooseNode(nodes, { ...wish, placement: "pack" })?.node).toBe("b");
});

test("a full or closed node comes last, with what closes it", () => {
  const nodes = [nodeOf("a", 0), nodeOf("b", 5, 0, { scheduling: "draining" }), nodeOf("c", 1, 4)];
  expect(chooseNode(nodes, wish)).toEqual({
    node: "c",
    why: "spread: c (4 of the pool, room for 1), before a (0 of the pool, no room); b (draining)",
  });
  expect(chooseNode(nodes.slice(0, 2), wish)).toBeNull();
});

test.each(["spread", "pack"] as const)(
  "%s: a node that was not heard lately → comes after every other with room, and before those without",
  (placement) => {
    const quiet = nodeOf("a", 2, 0, { heardLately: false });
    const nodes = [quiet, nodeOf("b", 9, 3), nodeOf("c", 0)];
    const choice = chooseNode(nodes, { ...wish, placement });
    expect(choice).toMatchObject({ node: "b" });
    expect(choice?.why).toContain("before a (0 of the pool, room for 2, not heard lately); c ");
    expect(chooseNode([quiet, nodeOf("c", 0)], { ...wish, placement })?.node).toBe("a");
  },
);

test("of many nodes a few are named", () => {
  const nodes = ["a", "b", "c", "d", "e", "f"].map((name) => nodeOf(name, 2));
  expect(chooseNode(nodes, wish)?.why).toMatch(/^spread: a .*; d \(.*\); and 2 more$/);
});

const refusal = { since: new Date().toISOString(), inventory: null, message: "Proxy devices are forbidden" };
const forbids = [{ instanceType: "container" as const, why: "restricted.devices.proxy=block" }];

test.each<[string, NodeFacts[], Partial<Wish>, string, RegExp]>([
  ["no node at all", [], {}, "NoNode", /^no node is enrolled$/],
  [
    "a label that none carries",
    [nodeOf("a", 5)],
    { nodeLabels: ["gpu"] },
    "NoNode",
    /carries the label gpu$/,
  ],
  ["a name that none has", [nodeOf("a", 5)], { nodes: ["b"] }, "NoNode", /is named b$/],
  ["none heard", [nodeOf("a", 5, 0, { state: "silent" })], {}, "NoNodeOnline", /a: not online/],
  ["a braked one", [nodeOf("a", 5, 0, { braked: true })], {}, "NoNodeOpen", /a: braked/],
  [
    "one drained, one silent",
    [nodeOf("a", 5, 0, { scheduling: "draining" }), nodeOf("b", 5, 0, { state: "silent" })],
    {},
    "NoNodeOpen",
    /a: draining; b: not online/,
  ],
  [
    "one whose driver refused it",
    [nodeOf("a", 5, 0, { full: { "1x1024x10 container": refusal } })],
    {},
    "Refused",
    /a: refused the last such machine.*Proxy devices are forbidden/,
  ],
  [
    "one that is set up to refuse it",
    [{ ...nodeOf("a", 5), inventory: { ...inventoryOf(nodeOf("a", 5)), forbids } }],
    {},
    "Refused",
    /restricted\.devices\.proxy=block/,
  ],
  [
    "a full one beside a braked one",
    [nodeOf("a", 0), nodeOf("b", 5, 0, { braked: true })],
    {},
    "NoRoom",
    /a: memory; b: braked/,
  ],
])("B3 the reason that no machine is made, with %s", (_, nodes, change, reason, message) => {
  expect(nowhere(nodes, { ...wish, ...change })).toEqual({
    reason,
    message: expect.stringMatching(message) as string,
  });
});

test("what is refused or forbidden to containers keeps no virtual machine out", () => {
  const node = nodeOf("a", 5, 0, { full: { "1x1024x10 container": refusal } });
  const both = { ...node, inventory: { ...inventoryOf(node), forbids } };
  expect(nowhere([both], { ...wish, instanceType: "virtual-machine" })).toBeNull();
});
