import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Progress } from "../../../src/contract/progress.ts";
import type { SetupOperation } from "../../../src/contract/relay.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { TestLease } from "../helpers/lease.ts";
import {
  type TestMachine,
  type TestNode,
  testNode,
  testAtNight,
  testOnSystem as test,
} from "../helpers/node.ts";
import { proxyTo } from "../helpers/proxy.ts";
import { setupOperation } from "../helpers/setup.ts";
import { spoken } from "./spoken.ts";

/**
 * Three steps that leave a line at their start and end in /root/trace. The first prints more than is read at a time,
 * the second waits for /root/go.
 */
const TRACED: [string, string][] = ["one", "two", "three"].map((id) => [
  id,
  `echo "start ${id}" >>/root/trace
   ${id === "one" ? "seq 1 60000" : ""}
   echo "this is ${id}"
   ${id === "two" ? "until [ -f /root/go ]; do sleep 0.05; done" : ""}
   echo "end ${id}" >>/root/trace`,
]);
const ONCE_EACH = "start one\nend one\nstart two\nend two\nstart three\nend three";

const inStepTwo = (node: TestNode, machine: TestMachine): Promise<boolean> =>
  until("step two", async () => (await node.read(machine, "cat /root/trace")).endsWith("start two"));

/** The same operation, leased again: what was told of its log so far is stored. */
function again(operation: SetupOperation, told: Progress[]): SetupOperation {
  return {
    ...operation,
    token: operation.token + 1,
    attempt: operation.attempt + 1,
    assignment: { ...operation.assignment, loggedIn: true, logOffset: pieces(told).at(-1)?.end ?? 0 },
  };
}

function pieces(told: Progress[]): { offset: number; end: number; text: string }[] {
  return told.flatMap((progress) =>
    progress.kind === "setup" && progress.log !== undefined ? [progress.log] : [],
  );
}

function expectContiguous(told: Progress[]): string {
  let at = 0;
  for (const { offset, end } of pieces(told)) {
    expect(offset).toBe(at);
    expect(end).toBeGreaterThan(offset);
    at = end;
  }
  return pieces(told)
    .map((piece) => piece.text)
    .join("");
}

function expectForwardOnly(told: Progress[]): void {
  let before = { step: 0, percent: 0 };
  for (const progress of told) {
    if (progress.kind !== "setup" || progress.step === undefined) continue;
    const { step, percent } = progress.step;
    expect(step * 1000 + percent).toBeGreaterThanOrEqual(before.step * 1000 + before.percent);
    before = { step, percent };
  }
}

test("I8 a relay that is killed in mid set-up changes nothing: the next one attaches, and each step runs once", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, TRACED);
  const first = new TestLease();
  const killed = setUp(operation, first, node.tools);
  await inStepTwo(node, machine);
  await until("step two to be told", () =>
    first.told.some((told) => told.kind === "setup" && told.step?.step === 3),
  );
  first.end();
  await expect(killed).rejects.toThrow(LeaseLost);

  const second = new TestLease();
  const finished = setUp(again(operation, first.told), second, node.tools);
  await until("the second relay to tell", () => second.told.length > 0);
  await node.exec(machine, "touch /root/go");
  expect(await finished).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, "cat /root/trace")).toBe(ONCE_EACH);

  const told = [...first.told, ...second.told];
  expectForwardOnly(told);
  expect(spoken(expectContiguous(told))).toMatch(/60000\nthis is one\nthis is two\nthis is three\n$/);
  // Attached in the middle, it knows at once where the set-up is.
  expect(second.told[0]).toMatchObject({ step: { step: 3, steps: 5, title: "Do two" } });
});

testAtNight(
  "a set-up that ends while nobody looks is believed by its exit record, and not run again",
  async () => {
    await using node = await testNode();
    const machine = await node.machine();
    const operation = setupOperation(machine, TRACED);
    const first = new TestLease();
    const killed = setUp(operation, first, node.tools);
    await inStepTwo(node, machine);
    first.end();
    await expect(killed).rejects.toThrow(LeaseLost);
    await node.exec(machine, "touch /root/go");
    await until(
      "the exit record",
      async () => (await node.exec(machine, "cat /var/lib/warmpool/setup/*/exit")).code === 0,
    );

    const second = new TestLease();
    expect(await setUp(again(operation, first.told), second, node.tools)).toMatchObject({
      outcome: "set_up",
    });
    expect(await node.read(machine, "cat /root/trace")).toBe(ONCE_EACH);
    expectContiguous([...first.told, ...second.told]);
  },
);

test("a connection that drops, again and again, loses nothing and runs nothing twice", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  await using proxy = await proxyTo(machine.port);
  const lease = new TestLease();
  const running = setUp(setupOperation({ ...machine, port: proxy.port }, TRACED), lease, node.tools);
  await inStepTwo(node, machine);
  for (let cuts = 1; cuts <= 3; cuts += 1) {
    const before = proxy.taken;
    proxy.cut();
    await until("a new connection", () => proxy.taken > before);
  }
  await node.exec(machine, "touch /root/go");
  expect(await running).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, "cat /root/trace")).toBe(ONCE_EACH);
  expect(spoken(expectContiguous(lease.told))).toMatch(/this is one\nthis is two\nthis is three\n$/);
  expectForwardOnly(lease.told);
});

testAtNight("a connection that is half open is given up, and the set-up goes on over another", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  await using proxy = await proxyTo(machine.port);
  const lease = new TestLease();
  const running = setUp(setupOperation({ ...machine, port: proxy.port }, TRACED), lease, node.tools, 1);
  await inStepTwo(node, machine);
  const before = proxy.taken;
  expect(proxy.freeze()).toBe(1);
  await node.exec(machine, "touch /root/go");
  expect(await running).toMatchObject({ outcome: "set_up" });
  expect(proxy.taken).toBeGreaterThan(before);
  expect(await node.read(machine, "cat /root/trace")).toBe(ONCE_EACH);
  expectContiguous(lease.told);
});

testAtNight("a relay that slept is refused by the machine, and has no effect", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, [["one", "echo ran >>/root/trace"]], {}, { token: 7 });
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  const before = await node.read(machine, "find /var/lib/warmpool -type f | sort | xargs sha256sum");

  const stale = setupOperation(machine, [["one", "echo stale >>/root/trace"]], operation.assignment, {
    token: 6,
  });
  await expect(setUp(stale, new TestLease(), node.tools)).rejects.toThrow(LeaseLost);
  expect(await node.read(machine, "cat /root/trace")).toBe("ran");
  expect(await node.read(machine, "find /var/lib/warmpool -type f | sort | xargs sha256sum")).toBe(before);
});

testAtNight(
  "another operation for the same tester lets the run that is under way end, and then does its own",
  async () => {
    await using node = await testNode();
    const machine = await node.machine();
    const operation = setupOperation(machine, TRACED, { params: { color: "red" } });
    const first = new TestLease();
    const killed = setUp(operation, first, node.tools);
    await inStepTwo(node, machine);
    first.end();
    await expect(killed).rejects.toThrow(LeaseLost);

    const lease = new TestLease();
    const next = again(operation, first.told);
    const other = {
      ...next,
      id: randomUUID(),
      assignment: { ...next.assignment, params: { color: "blue" } },
    };
    const running = setUp(other, lease, node.tools);
    await until("the other one to follow", () => lease.told.length > 0);
    await node.exec(machine, "touch /root/go");
    expect(await running).toMatchObject({ outcome: "set_up" });
    expect(await node.read(machine, "cat /root/trace")).toBe(`${ONCE_EACH}\n${ONCE_EACH}`);
    expectForwardOnly(lease.told);
  },
);

testAtNight("a machine that restarts in mid set-up goes on: what was done is skipped", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const lease = new TestLease();
  const running = setUp(setupOperation(machine, TRACED), lease, node.tools);
  await inStepTwo(node, machine);
  await node.driver.stop(machine.name, deadline(10));
  await node.driver.start(machine.name, deadline(10));
  await until("the machine to answer", async () => (await node.exec(machine, "touch /root/go")).code === 0);
  expect(await running).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, "cat /root/trace")).toBe(
    "start one\nend one\nstart two\nstart two\nend two\nstart three\nend three",
  );
  expectForwardOnly(lease.told);
});

testAtNight("a step outlives a runner that is killed, and is not run again beside itself", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const lease = new TestLease();
  const running = setUp(setupOperation(machine, TRACED), lease, node.tools);
  await inStepTwo(node, machine);
  await node.exec(machine, "pkill -KILL -f '/runner /var/lib/warmpool'");
  // The step's own wrapper still holds the lock; it writes down that the step is done.
  await node.exec(machine, "touch /root/go");
  expect(await running).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, "cat /root/trace")).toBe(ONCE_EACH);
});

testAtNight("a set-up that never reaches its end is not started for ever", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const suicide = "kill -KILL $(cat /root/wrapper) $(pgrep -f '/runner /var/lib/warmpool')";
  const script = `echo run >>/root/trace; pgrep -f 'warmpool/setup.*/step ' >/root/wrapper; ${suicide}`;
  expect(await setUp(setupOperation(machine, [["loop", script]]), new TestLease(), node.tools)).toMatchObject(
    {
      outcome: "setup_failed",
      reason: "machine_refused",
      message: expect.stringContaining("started 5 times") as string,
    },
  );
  expect(await node.read(machine, "cat /root/trace")).toBe("run\n".repeat(5).trim());
});
