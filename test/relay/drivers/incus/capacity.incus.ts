import { expect, test } from "vitest";
import { incusDriver } from "../../../../src/relay/drivers/incus/driver.ts";
import { request, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import { smallProject, storagePool } from "./places.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";

/** Full places: what does not fit is `no_capacity`, and what was begun can be cleared away. */

test("a storage pool that is full", async () => {
  await using pool = await storagePool("256MiB");
  await using under = await incusUnderTest({ storagePool: pool.name });
  const wanted = await request();
  await expect(under.driver.create(wanted, soon())).rejects.toMatchObject({
    code: "no_capacity",
    message: expect.stringContaining("No space left on device"),
  });
  await under.driver.delete(wanted.name, soon());
  expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
});

test("a project that has all the instances it may have; one deleted, the next one fits", async () => {
  await using project = await smallProject("limits.instances=1");
  await using under = await incusUnderTest({ project: project.name });
  const first = await request();
  await under.driver.create(first, soon());
  const second = await request();
  await expect(under.driver.create(second, soon())).rejects.toMatchObject({
    code: "no_capacity",
    message: expect.stringContaining("Reached maximum"),
  });
  expect(await under.driver.get(second.name, soon())).toBeNull();
  await under.driver.delete(first.name, soon());
  await under.driver.create(second, soon());
  expect((await under.driver.list(soon())).machines).toMatchObject([{ name: second.name }]);
});

test("the capacity is the storage pool's own, which gives a machine only what it uses", async () => {
  await using under = await incusUnderTest();
  const { disks } = await under.driver.capacity(soon());
  expect(disks).toMatchObject([{ name: INSTALLED.storagePool, thin: true }]);
  expect(disks[0]?.totalGib).toBeGreaterThan(disks[0]?.usedGib ?? Number.POSITIVE_INFINITY);
});

test("without the profile a create fails and says what makes it", async () => {
  await using under = await incusUnderTest();
  const driver = incusDriver({ ...under.options, profile: "warmpool-no-such" });
  await expect(driver.create(await request(), soon())).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("install-incus.sh"),
  });
});
