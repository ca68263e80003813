import { expect } from "vitest";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { type TestMachine, type TestNode, testNode, testOnSystem as test } from "../helpers/node.ts";
import { probed } from "../helpers/probe.ts";
import { setupOperation } from "../helpers/setup.ts";

/** Machines that answer, and that nobody can work on. */
const READ_ONLY = "mount -o remount,ro /";
const FULL =
  "mkdir -p /var/lib/warmpool; mount -t tmpfs -o size=64k none /var/lib/warmpool; head -c 60000 /dev/zero >/var/lib/warmpool/x";

const probe = (node: TestNode, machine: TestMachine, state: "ready" | "assigned") =>
  probed(node, machine, state, "test $((1 + 1)) = 2");

test("A8 a machine that cannot be written to is dead while it can be given away, and its set-up refused untouched", async () => {
  await using node = await testNode();
  for (const [fault, cause] of [
    [READ_ONLY, "Read-only file system"],
    [FULL, "No space left on device"],
  ] as const) {
    const machine = await node.machine();
    expect(await probe(node, machine, "ready")).toMatchObject({ answer: "alive" });
    await node.read(machine, fault);
    expect(await probe(node, machine, "ready")).toMatchObject({
      answer: "dead",
      cause: expect.stringMatching(
        new RegExp(`health command exited with 70: (.|\n)*${cause}(.|\n)*cannot be written to`),
      ),
    });
    expect(await probe(node, machine, "assigned")).toMatchObject({ answer: "alive" });
    expect(await setUp(setupOperation(machine, [["a", "true"]]), new TestLease(), node.tools)).toMatchObject({
      ...{ outcome: "setup_failed", reason: "machine_refused", untouched: true },
      message: expect.stringMatching(/\(exit 73\): .*(Read-only|No space|I\/O error)/) as string,
    });
    expect(await node.read(machine, "ls /var/lib/warmpool/setup 2>/dev/null || true")).toBe("");
  }
});

test("A8 what fails before the recipe is the machine's fault, and not the tester's or the recipe's", async () => {
  await using node = await testNode();
  for (const fault of [
    "rm /usr/sbin/useradd",
    "rm /usr/bin/flock",
    "touch /etc/.pwd.lock; chattr +i /etc/passwd || rm /usr/sbin/useradd",
  ]) {
    const machine = await node.machine();
    await node.read(machine, fault);
    const result = await setUp(setupOperation(machine, [["a", "true"]]), new TestLease(), node.tools);
    expect(result, fault).toMatchObject({ outcome: "setup_failed", reason: "machine_refused" });
    expect(result, fault).not.toHaveProperty("untouched", true);
  }
});
