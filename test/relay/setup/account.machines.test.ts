import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode, testAtNight, testOnSystem as test } from "../helpers/node.ts";
import { setupOperation, testerKey } from "../helpers/setup.ts";
import { oneIn } from "../../helpers/nightly.ts";

test("the tester gets an account with exactly their keys, theirs alone", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const second = makeKeyPair("alice's phone; $(touch /root/evil) 'x'").publicKey;
  const operation = setupOperation(machine, [["a", "true"]], { sshKeys: [testerKey, second] });
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  expect(
    await node.read(machine, "stat -c '%U %a %n' /home/alice/.ssh /home/alice/.ssh/authorized_keys"),
  ).toBe("alice 700 /home/alice/.ssh\nalice 600 /home/alice/.ssh/authorized_keys");
  expect(await node.read(machine, "cat /home/alice/.ssh/authorized_keys")).toBe(`${testerKey}\n${second}`);
  expect(
    await node.read(machine, "ls /root; find /etc/sudoers.d -name 'warmpool*' 2>/dev/null || true"),
  ).not.toMatch(/evil|warmpool/);

  // New keys for the same assignment: another operation, and the old ones are gone.
  const changed = {
    ...operation,
    id: randomUUID(),
    token: 2,
    assignment: { ...operation.assignment, sshKeys: [second] },
  };
  expect(await setUp(changed, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, "cat /home/alice/.ssh/authorized_keys")).toBe(second);
});

testAtNight("a tester without keys gets an account that nothing opens", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, [["a", "true"]], { sshKeys: [] });
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({
    handover: { keys: { alice: [] } },
  });
});

testAtNight("sudo is a checked rule of its own, and goes when it is taken back", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const withSudo = setupOperation(machine, [["a", "true"]], { sudo: true });
  expect(await setUp(withSudo, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  expect(
    await node.read(machine, "stat -c '%U %a' /etc/sudoers.d/warmpool-alice; cat /etc/sudoers.d/*alice*"),
  ).toBe("root 440\nalice ALL=(ALL:ALL) NOPASSWD: ALL");
  const without = {
    ...withSudo,
    id: randomUUID(),
    token: 2,
    assignment: { ...withSudo.assignment, sudo: false },
  };
  expect(await setUp(without, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  expect((await node.exec(machine, "ls /etc/sudoers.d/*alice*")).code).not.toBe(0);
});

testAtNight("an account that is there is taken over with its home; a system account is not", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  await node.exec(machine, "useradd -M -s /bin/sh alice");
  expect(await setUp(setupOperation(machine, [["a", "true"]]), new TestLease(), node.tools)).toMatchObject({
    outcome: "set_up",
  });
  expect(await node.read(machine, "stat -c '%U %n' /home/alice")).toBe("alice /home/alice");

  const other = await node.machine();
  await node.exec(other, "groupadd -r service; useradd -r -g service service");
  const system = setupOperation(other, [["a", "true"]], { username: "service" });
  expect(await setUp(system, new TestLease(), node.tools)).toMatchObject({
    reason: "step_failed",
    step: "account",
    message: expect.stringContaining("service is a system account of this machine") as string,
  });
});

testAtNight(
  "testers named like a group of the machine's → are set up, and are no members of it",
  async () => {
    await using node = await testNode();
    const names = oneIn(3, ["operator", "sudo", "adm", "image-group", "team"]);
    for (const username of names) {
      const machine = await node.machine();
      await node.exec(
        machine,
        "groupadd -r image-group; groupadd team; useradd -r -g team -G image-group other",
      );
      const operation = setupOperation(machine, [["a", "true"]], { username, sudo: true });
      expect(await setUp(operation, new TestLease(), node.tools), username).toMatchObject({
        outcome: "set_up",
      });
      // Set up again, as after a failed step: the account stays as it is.
      const again = { ...operation, id: randomUUID(), token: 2 };
      expect(await setUp(again, new TestLease(), node.tools), username).toMatchObject({ outcome: "set_up" });
      const groups = await node.read(machine, `id -nG ${username}`);
      expect(groups).toMatch(/^tester\d+$/);
      expect(await node.read(machine, `getent group ${groups}`), "nobody else is in it").toMatch(/:$/);
      expect(await node.read(machine, `stat -c '%U %G' /home/${username}`)).toBe(`${username} ${groups}`);
    }
  },
);
