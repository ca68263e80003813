import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect } from "../../../../src/db/client.ts";
import type { BookedRow } from "../../../../src/domain/capacity/booked.ts";
import { nodeEquation } from "../../../../src/domain/capacity/equation.ts";
import { capacityReport } from "../../../../src/domain/capacity/report.ts";
import { reportInventory } from "../../../../src/domain/nodes/applyInventory.ts";
import { replenish } from "../../../../src/domain/supply/applyPlan.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { testDb } from "../../../helpers/db.ts";
import { countStates, makeWorld, NODE } from "../../../helpers/world.ts";
import { request, soon } from "../conformance.ts";
import { incusUnderTest, type IncusUnderTest } from "./machines.ts";
import { command, folderPool, incus, shortName, smallProject, storagePool } from "./places.ts";
import { atNight } from "../../../helpers/nightly.ts";

/** R5: what the equation promises is what Incus then gives, and not one more. */

const shape = { vcpus: 1, memoryMib: 256, diskGib: 1 };
const instanceType = "container";
const asked = { shape, instanceType } as const;

test.each(
  atNight([
    ["memory", "limits.memory=1400MiB", "limit_memory"],
    ["cpu", "limits.cpu=5", "limit_cpu"],
    ["disk", "limits.disk=6GiB", "limit_disk"],
  ]),
)(
  "R5 by the project's limit on %s: with somebody else's machine, a leaked one and one stuck in deleting",
  async (_, limit, binding) => {
    await using pool = await storagePool("12GiB");
    await using project = await smallProject(limit);
    await using under = await incusUnderTest({ project: project.name, storagePool: pool.name });
    await using stranger = await unmanaged(project.name, pool.name);
    const leaked = await under.driver.create(await request(), soon());
    const stuck = await under.driver.create(await request(), soon());
    const rows: BookedRow[] = [{ name: stuck.name, state: "deleting", shape, instanceType }];

    const promised = nodeEquation(await under.driver.capacity(soon()), rows, asked, null);
    expect(promised.terms).toContainEqual({
      kind: "deleting",
      count: expect.any(Number),
      names: [stuck.name],
    });
    expect(promised.terms).toContainEqual({
      kind: "leaked",
      count: expect.any(Number),
      names: [leaked.name],
    });
    expect(promised.terms.find(({ kind }) => kind === "unmanaged")?.names).toContain(stranger.name);
    expect(promised.binding).toBe(binding);
    expect(promised.placeable).toBeGreaterThan(0);

    expect(await createUntilRefused(under)).toBe(promised.placeable);
    expect(nodeEquation(await under.driver.capacity(soon()), rows, asked, null).placeable).toBe(0);
  },
);

test("R5 a thin pool is promised by configured sizes: what is committed and what is free are both shown", async () => {
  await using pool = await storagePool("4GiB");
  await using under = await incusUnderTest({ storagePool: pool.name });
  await under.driver.create(await request(), soon());
  const { disks, machines } = await under.driver.capacity(soon());
  const [disk] = disks;
  expect(disk).toMatchObject({ name: pool.name, thin: true });
  const inventory = {
    ...(await under.driver.capacity(soon())),
    machines: machines?.filter(({ ours }) => ours),
  };
  const before = nodeEquation(inventory, [], asked, null);
  // A second one is made: it has written next to nothing, and yet there is room for one less.
  await under.driver.create(await request(), soon());
  const after = nodeEquation(await under.driver.capacity(soon()), [], asked, null);
  expect(before.placeable - after.placeable).toBe(1);
  expect(after.binding).toBe("disk");
});

test("R5 a pool of plain folders that is full closes its node until it looks different", async () => {
  await using pool = await folderPool(2600);
  await using under = await incusUnderTest({ storagePool: pool.name });
  await using t = await testDb();
  const db = connect(t.url, { max: 2 });
  try {
    const filler = join(pool.mountpoint, "containers", ".filler");
    await command("fallocate", "--length", "2300M", filler);
    const relay = await makeWorld(t.db, { targetSize: 1, shape });
    const report = async () => reportInventory(t.db, NODE, await under.driver.capacity(soon()));
    const create = await relay.take("create");
    const wanted = await request(create.machine.name);
    const refused = await under.driver.create(wanted, soon()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "no_capacity" });
    await relay.finish(create, {
      outcome: "create_failed",
      reason: "no_capacity",
      message: String(refused),
      evidence: {},
    });
    await under.driver.delete(wanted.name, soon());
    await relay.workOff();
    await report();
    await report();
    expect((await capacityReport(t.db, {})).binding).toMatchObject([{ node: NODE, constraint: "said_full" }]);
    expect((await replenish(db.db, "demo", "system:replenish")).created).toBe(0);
    await rm(filler);
    await report();
    expect((await capacityReport(t.db, {})).binding[0]?.constraint).not.toBe("said_full");
    expect(await countStates(t.db)).toEqual({});
  } finally {
    await db.close();
  }
});

async function createUntilRefused(under: IncusUnderTest): Promise<number> {
  for (let made = 0; ; made += 1) {
    try {
      await under.driver.create(await request(), soon());
    } catch (error) {
      expect(error).toMatchObject({ code: "no_capacity" });
      return made;
    }
  }
}

/** A machine that somebody else made in the same project: no mark of ours is on it. */
async function unmanaged(project: string, pool: string): Promise<AsyncDisposable & { name: string }> {
  const name = shortName();
  const there = ["--project", project];
  await incus(
    "create",
    INSTALLED.image,
    name,
    ...there,
    ...["--profile", INSTALLED.profile, "--storage", pool],
    ...["-c", "limits.memory=300MiB", "-c", "limits.cpu=1", "-d", "root,size=2GiB"],
  );
  return { name, [Symbol.asyncDispose]: () => incus("delete", "--force", name, ...there) };
}
