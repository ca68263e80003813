import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { SetupOperation } from "../../../src/contract/relay.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { type TestMachine, testNode, testOnSystem as test } from "../helpers/node.ts";
import { setupOperation } from "../helpers/setup.ts";

const next = makeKeyPair("alice@desk").publicKey;
const NEVER_ENDS = "exec 9>>alive; flock 9; exec sleep 1000";

/** The same tester's other keys, as the edge asks for them. */
const change = (operation: SetupOperation, token: number, machine: TestMachine): SetupOperation => ({
  ...operation,
  machine,
  ...{ id: randomUUID(), token },
  assignment: { ...operation.assignment, sshKeys: [next], loggedIn: true },
});

test("A5 a tester who has filled the disk keeps nobody from replacing their keys", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, []);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  const fill = `set -e
    for at in /home/alice /var/lib/warmpool; do
      cp -a $at /tmp/kept; mount -t tmpfs -o size=96k none $at; cp -a /tmp/kept/. $at; rm -r /tmp/kept
      chown --reference=/home/alice/.ssh $at 2>/dev/null || true; chmod 0755 $at
      head -c 1000000 /dev/zero >$at/full 2>/dev/null || true
    done`;
  await node.read(machine, fill);
  expect((await node.exec(machine, "head -c 9000 /dev/zero >/home/alice/more")).code).not.toBe(0);
  expect(await setUp(change(operation, 2, machine), new TestLease(), node.tools)).toMatchObject({
    ...{ outcome: "set_up", handover: { keys: { alice: [next] } } },
  });
  expect(await node.read(machine, "cat /home/alice/.ssh/authorized_keys")).toBe(next);
});

test("S9 root on a machine who keeps the keys from being replaced makes it fail in time, and be told", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, []);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  const keys = `/run/warmpool/keys/${operation.assignment.id}`;
  const tricks = {
    "the fence is higher than any": "echo 999999999 >/var/lib/warmpool/fence",
    "the runner never ends": `rm -f /var/lib/warmpool/fence; mkdir -p ${keys}; cd ${keys}; setsid sh -c '${NEVER_ENDS}' >/dev/null 2>&1 &`,
  };
  let token = 1;
  for (const [trick, put] of Object.entries(tricks)) {
    await node.read(machine, put);
    const result = await setUp(change(operation, (token += 1), machine), new TestLease(), node.tools, 10, 3);
    expect(result, trick).toMatchObject({
      ...{ outcome: "setup_failed", reason: "machine_refused" },
      message: "The keys on the machine could not be replaced within 3 s.",
    });
  }
});
