import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { incusDriver } from "../../../../src/relay/drivers/incus/driver.ts";
import { request, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
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
  await using project = await smallProject(1);
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

/** The Incus client as a person has it. Without the closed input it would wait there for configuration. */
async function incus(...args: string[]): Promise<void> {
  const client = promisify(execFile)("incus", args, { timeout: 60_000 });
  client.child.stdin?.end();
  await client;
}

type Named = AsyncDisposable & { name: string };

async function storagePool(size: string): Promise<Named> {
  const name = `wp-${randomBytes(4).toString("hex")}`;
  await incus("storage", "create", name, "btrfs", `size=${size}`);
  return { name, [Symbol.asyncDispose]: () => incus("storage", "delete", name) };
}

/** A project that may hold `instances` of them, with a profile and the image of its own. */
async function smallProject(instances: number): Promise<Named> {
  const name = `wp-${randomBytes(4).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), "warmpool-image-"));
  const image = join(folder, "image");
  const there = ["--project", name];
  try {
    await incus("project", "create", name, "-c", `limits.instances=${instances}`);
    await incus("profile", "create", INSTALLED.profile, ...there);
    await incus("image", "export", INSTALLED.image, image, "--project", INSTALLED.project);
    await incus("image", "import", image, `${image}.root`, "--alias", INSTALLED.image, ...there);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return {
    name,
    async [Symbol.asyncDispose]() {
      await incus("image", "delete", INSTALLED.image, ...there);
      await incus("profile", "delete", INSTALLED.profile, ...there);
      await incus("project", "delete", name);
    },
  };
}
