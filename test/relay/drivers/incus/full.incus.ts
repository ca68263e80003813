import { expect, test } from "vitest";
import { request, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import { incus, smallProject } from "./places.ts";

/** Large files, then small ones, until not even those fit. */
const FILL =
  "for k in 1 2; do dd if=/dev/zero of=/root/a$k bs=1M count=3000; for i in 1 2 3; do dd if=/dev/zero of=/root/b$k$i bs=4k count=90000; done; done; true";

test("A5 a machine whose tester has filled the disk is stopped, started and deleted, again and again", async () => {
  await using under = await incusUnderTest();
  const { driver, options } = under;
  const { name } = await driver.create(await request(), soon());
  for (let round = 0; round < 2; round += 1) {
    await incus("exec", name, "--project", options.project, "--", "sh", "-c", FILL);
    await driver.stop(name, soon());
    expect(await driver.get(name, soon())).toMatchObject({ state: "stopped" });
    await driver.start(name, soon());
    expect(await driver.get(name, soon())).toMatchObject({ state: "running" });
  }
  await incus("exec", name, "--project", options.project, "--", "sh", "-c", FILL);
  await driver.delete(name, soon());
  expect(await driver.get(name, soon())).toBeNull();
});

test("B4 what is said to be forbidden Incus refuses, as something that it would refuse again; what is allowed it makes", async () => {
  await using project = await smallProject("restricted=true");
  await using under = await incusUnderTest({ project: project.name });
  const before = await under.driver.capacity(soon());
  expect(before.forbids).toMatchObject([{ instanceType: "container" }]);
  await expect(under.driver.create(await request(), soon())).rejects.toMatchObject({
    code: "no_capacity",
    message: expect.stringContaining("Proxy devices are forbidden"),
  });
  await incus("project", "set", project.name, "restricted.devices.proxy=allow");
  const after = await under.driver.capacity(soon());
  expect(after.forbids).toBeUndefined();
  expect(after.policy).not.toBe(before.policy);
  expect(await under.driver.create(await request(), soon())).toMatchObject({ state: "running" });
});
