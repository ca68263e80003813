import { expect } from "vitest";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { type TestMachine, type TestNode, testNode, testOnSystem as test } from "../helpers/node.ts";
import { probed } from "../helpers/probe.ts";
import { setupOperation } from "../helpers/setup.ts";

/** A database that was restored from a backup calls a machine ready that somebody was given since. */
const probe = (node: TestNode, machine: TestMachine, state: "ready" | "suspect" | "assigned") =>
  probed(node, machine, state, "false");

test("R9 a machine with a tester's set-up on it → whoever takes it for free is refused, and nothing on it changes", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const alice = setupOperation(machine, [["a", "true"]], {}, { token: 50 });
  expect(await setUp(alice, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  const before = await node.read(machine, "find /home /var/lib/warmpool | sort; cat /var/lib/warmpool/fence");

  // A restored database draws lower fences as well: that must not look like another relay's work.
  const bob = setupOperation(machine, [["a", "true"]], { username: "bob" }, { token: 7 });
  expect(await setUp(bob, new TestLease(), node.tools)).toMatchObject({
    ...{ outcome: "setup_failed", reason: "machine_refused", untouched: true },
    takenBy: alice.assignment.id,
  });
  expect(await node.read(machine, "find /home /var/lib/warmpool | sort; cat /var/lib/warmpool/fence")).toBe(
    before,
  );

  const found = { answer: "alive", cause: null, takenBy: alice.assignment.id };
  expect(await probe(node, machine, "ready")).toMatchObject(found);
  expect(await probe(node, machine, "suspect")).toMatchObject(found);
  expect(await probe(node, machine, "assigned")).not.toHaveProperty("takenBy");

  const again = setupOperation(machine, [["b", "true"]], { id: alice.assignment.id }, { token: 51 });
  expect(await setUp(again, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
});

test("R9 what such a machine says of itself → counts as an assignment only if it is one", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  await node.read(machine, "mkdir -p '/var/lib/warmpool/setup/not an id'");
  expect(await probe(node, machine, "ready")).toMatchObject({ answer: "dead" });
});
