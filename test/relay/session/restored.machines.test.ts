import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { RECIPE, specOf } from "../../helpers/world.ts";
import { system } from "../helpers/system.ts";

/** A database that is put back to what it was, while the relay and its machines stay as they are. */

test("R9 a machine that is newer than the database lives on, and its number is not given again", async () => {
  await using under = await system({ driver: "local" });
  await under.client.recipe.put.mutate(RECIPE);
  const shape = { vcpus: 1, memoryMib: 256, diskGib: 1 };
  await under.client.pool.put.mutate(specOf({ shape, image: "local", targetSize: 2, maxSize: 2 }));
  under.startRelay();
  const [newest, older] = await under.ready(2);
  if (newest === undefined || older === undefined) throw new Error("two machines are ready");
  await under.db.transaction(async (tx) => {
    await tx.execute(sql`delete from operations where machine = ${newest.id}`);
    await tx.execute(sql`delete from machines where id = ${newest.id}`);
    await tx.execute(sql`update nodes set highest_machine_number = 1`);
    await tx.execute(sql`select setval('machines_number_seq', 1)`);
  });
  // Makes up for the machine that it lacks now, and hands out a probe.
  await under.client.sweep.run.mutate();
  const node = await until("the node to show it", async () => {
    const [now] = await under.client.node.list.query();
    return now?.orphans.length === 1 && now;
  });
  expect(node).toMatchObject({
    orphans: [{ name: newest.name }],
    orphanBrake: { reason: "behind", seen: 2, known: 1 },
  });
  await under.client.sweep.run.mutate();
  const made = await until("another machine", async () => {
    const { items } = await under.client.machine.list.query({ state: "ready" });
    return items.find(({ name }) => ![newest.name, older.name].includes(name));
  });
  const { machines } = await under.driver.list(deadline(10));
  expect(machines.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual(
    [newest, older, made].map(({ name }) => `${name} running`).toSorted(),
  );
});
