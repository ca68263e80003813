import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { planOf } from "../../../src/relay/setup/plan.ts";
import { startScript } from "../../../src/relay/setup/start.ts";
import { until } from "../../helpers/until.ts";
import { testNode, testOnSystem as test } from "../helpers/node.ts";
import { setupOperation } from "../helpers/setup.ts";

/**
 * How many processes a boot and a set-up start: to start one costs more than what most of them do, and a tester waits for
 * all of them. A machine has process numbers of its own, given in order, so the number of a new one counts those before
 * it, and Node's threads.
 */
const BOOT_AT_MOST = 20;
/** Of two steps. Looks at its log come on top: how many there are depends on the host. */
const SETUP_AT_MOST = 90;

test("a boot and a set-up start no more processes than they need", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const count = async () => Number(await node.read(machine, "exec sh -c 'echo $$'"));
  const booted = await count();
  expect(booted).toBeLessThanOrEqual(BOOT_AT_MOST);
  const operation = setupOperation(machine, [
    ["first", "true"],
    ["second", "true"],
  ]);
  const script = startScript(planOf(operation, node.key.publicKey), 1);
  expect(await node.read(machine, script)).toBe("started");
  // From outside, where no process of the machine has to look.
  const state = join(
    node.dir,
    "machines",
    machine.name,
    "upper/var/lib/warmpool/setup",
    operation.assignment.id,
  );
  await until("the set-up to end", () => existsSync(join(state, "exit")));
  expect(
    await node.read(machine, `cat ${join("/var/lib/warmpool/setup", operation.assignment.id, "exit")}`),
  ).toBe("ok");
  expect((await count()) - booted).toBeLessThanOrEqual(SETUP_AT_MOST);
});
