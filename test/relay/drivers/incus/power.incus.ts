import { expect, test } from "vitest";
import { until } from "../../../helpers/until.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import { losePower } from "./powerLoss.ts";
import { runScript } from "./script.ts";

test("after the node has lost its power a machine comes back by itself, with its data and its host key", async () => {
  await using under = await incusUnderTest();
  const machine = await under.driver.create(await request(), soon());
  const before = await readBoot(machine, "echo kept > ~/mark && sync");
  await losePower(under.incus, under.options.project, [machine.name]);
  await expect(under.driver.list(soon())).rejects.toMatchObject({ code: "retry" });
  await runScript("install-incus.sh");
  await until(
    "the machine to run",
    async () => (await under.driver.get(machine.name, soon()))?.state === "running",
    {
      seconds: 60,
    },
  );
  const after = await readBoot(machine, "cat ~/mark");
  expect(after).toEqual({ hostKey: before.hostKey, bootId: expect.any(String), stdout: "kept\n" });
  expect(after.bootId).not.toBe(before.bootId);
});

async function readBoot(machine: Parameters<typeof rootLogin>[0], command: string) {
  using root = await rootLogin(machine);
  const { stdout: bootId } = await root.exec("cat /proc/sys/kernel/random/boot_id");
  const { stdout } = await root.exec(command);
  return { hostKey: root.hostKey, bootId, stdout };
}
