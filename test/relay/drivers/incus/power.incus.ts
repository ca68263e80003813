import { expect, test } from "vitest";
import { z } from "zod";
import { processes } from "../../../../scripts/proc.ts";
import { until } from "../../../helpers/until.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import { runScript } from "./script.ts";

const daemon = z.object({ environment: z.object({ server_pid: z.int().min(2) }) });
const state = z.object({ pid: z.int().min(2) });

test("after the node has lost its power a machine comes back by itself, with its data and its host key", async () => {
  await using under = await incusUnderTest();
  const machine = await under.driver.create(await request(), soon());
  const before = await readBoot(machine, "echo kept > ~/mark && sync");
  const { environment } = await under.incus.read("/1.0", daemon, soon());
  const { pid } = await under.incus.read(`/1.0/instances/${machine.name}/state`, state, soon());
  // The daemon first, so that it cannot tidy up after the rest; then the machine, its monitor and its proxies.
  const around = processes().filter(
    ({ command }) =>
      command.includes(`${under.options.project}_${machine.name}`) ||
      (command.includes("forkproxy") && command.includes(` ${pid} `)),
  );
  for (const one of [environment.server_pid, pid, ...around.map((process) => process.pid)]) kill(one);
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

/** One that has gone with another is gone. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
