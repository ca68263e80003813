import { expect, test } from "vitest";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode } from "../helpers/node.ts";
import { setupOperation, testerKey } from "../helpers/setup.ts";

test("thin", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const lease = new TestLease();
  const operation = setupOperation(machine, [
    ["one", "echo hello; id; env; echo ::output url=http://x; echo ::progress 40 half; sleep 1; printf nonl"],
    ["two", "echo two"],
  ]);
  const t0 = performance.now();
  const result = await setUp(operation, lease, node.tools);
  console.log(performance.now() - t0, JSON.stringify(result, null, 1), JSON.stringify(lease.told, null, 1));
  expect(result.outcome).toBe("set_up");
  console.log(
    await node.read(
      machine,
      "ls -laR /var/lib/warmpool; cat /etc/passwd | tail -2; cat /home/alice/.ssh/authorized_keys; ls -la /home/alice/.ssh",
    ),
  );
});
