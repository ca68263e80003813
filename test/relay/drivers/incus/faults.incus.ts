import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { CreateRequest } from "../../../../src/relay/driver.ts";
import { instanceRequest } from "../../../../src/relay/drivers/incus/request.ts";
import { ended } from "../../../../src/relay/drivers/incus/operation.ts";
import { pathOf } from "../../../../src/relay/drivers/incus/look.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { isFree } from "../../../../src/relay/conformance/ports.ts";
import { changeState, incusUnderTest } from "./machines.ts";
import type { IncusUnderTest } from "./machines.ts";
import { testOnlyAtNight } from "../../../helpers/nightly.ts";

/** What happens to machines behind the driver's back. */

test("a machine that somebody stopped by force is seen stopped, and starts with its data and host key", async () => {
  await using under = await incusUnderTest();
  const machine = await under.driver.create(await request(), soon());
  let hostKey: string;
  {
    using root = await rootLogin(machine);
    hostKey = root.hostKey;
    await root.exec("echo kept > ~/mark && sync");
  }
  await changeState(under.incus, machine.name, "stop");
  expect(await under.driver.get(machine.name, soon())).toMatchObject({ state: "stopped" });
  await under.driver.start(machine.name, soon());
  using root = await rootLogin(machine);
  expect(root.hostKey).toBe(hostKey);
  expect(await root.exec("cat ~/mark")).toMatchObject({ stdout: "kept\n" });
});

testOnlyAtNight(
  "a machine that somebody froze is neither running nor stopped, and a start thaws it",
  async () => {
    await using under = await incusUnderTest();
    const machine = await under.driver.create(await request(), soon());
    await changeState(under.incus, machine.name, "freeze");
    expect(await under.driver.get(machine.name, soon())).toMatchObject({ state: "unknown" });
    const { machines } = await under.driver.list(soon());
    expect(machines).toMatchObject([{ name: machine.name, state: "unknown" }]);
    await under.driver.start(machine.name, soon());
    expect(await under.driver.get(machine.name, soon())).toMatchObject({ state: "running" });
    using root = await rootLogin(machine);
    expect(await root.exec("echo here")).toMatchObject({ stdout: "here\n" });
  },
);

test("a machine that somebody deleted is gone from get and list, and so is its port's holder", async () => {
  await using under = await incusUnderTest();
  const machine = await under.driver.create(await request(), soon());
  await changeState(under.incus, machine.name, "stop");
  await ended(under.incus, await under.incus.change("DELETE", pathOf(machine.name)), 60, soon());
  expect(await under.driver.get(machine.name, soon())).toBeNull();
  expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
  await under.driver.delete(machine.name, soon());
  expect(await isFree(machine.ssh.port)).toBe(true);
});

testOnlyAtNight(
  "a machine whose port another program holds does not start, is listed, and can be deleted",
  async () => {
    await using under = await incusUnderTest();
    const first = await under.driver.create(await request(), soon());
    const wanted = { ...(await request()), port: first.ssh.port };
    const refused = under.driver.create(wanted, soon());
    // Incus names the port only where its helper was quick enough to fail.
    await expect(refused).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("starting proxy device"),
    });
    expect(await under.driver.get(wanted.name, soon())).toMatchObject({ state: "stopped" });
    await under.driver.delete(wanted.name, soon());
    const { machines } = await under.driver.list(soon());
    expect(machines.map(({ name }) => name)).toEqual([first.name]);
  },
);

test("a machine that ends while it starts holds no port after its delete", async () => {
  await using under = await incusUnderTest();
  // Incus leaves a helper behind more often than not, but not always.
  for (let tries = 0; tries < 5; tries++) {
    const wanted = await request();
    await makeBroken(under, wanted);
    await expect(under.driver.start(wanted.name, soon())).rejects.toMatchObject({ code: "failed" });
    await under.driver.delete(wanted.name, soon());
    expect([await isFree(wanted.port), await isFree(wanted.httpPort)]).toEqual([true, true]);
  }
});

/** What the driver asks for, but with an init that ends at once. */
async function makeBroken({ incus, options }: IncusUnderTest, wanted: CreateRequest): Promise<void> {
  const id = await incus.change(
    "POST",
    "/1.0/instances",
    instanceRequest(wanted, options, options, randomUUID()),
  );
  await ended(incus, id, 60, soon());
  const body = { config: { "raw.lxc": "lxc.init.cmd = /bin/false" } };
  await ended(incus, await incus.change("PATCH", pathOf(wanted.name), body), 60, soon());
}
