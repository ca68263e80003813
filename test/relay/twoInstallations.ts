import { sql } from "drizzle-orm";
import { expect } from "vitest";
import type { MachineView } from "../../src/client/index.ts";
import { SETTINGS } from "../../src/domain/core/limits.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { RECIPE, specOf } from "../helpers/world.ts";
import { type System, type SystemOptions, system } from "./helpers/system.ts";

/**
 * Two installations whose relays work on the same place, under the same node's name: each with machines of its own, its
 * own orphan, its own end.
 */
type Neighbour = System & { machine: MachineView };

const SLOW = { seconds: 90, everyMs: 100 };

/** @param image what the machines are made of */
export async function twoInstallations(options: SystemOptions, image: string): Promise<void> {
  await using one = await withOneReady(options, image);
  await using other = await withOneReady(options, image);
  for (const under of [one, other]) expect(await standing(under)).toEqual([under.machine.name]);

  // Asked for another's machine, a driver neither shows nor changes it.
  const soon = () => deadline(30);
  expect(await one.driver.get(other.machine.name, soon())).toBeNull();
  await one.driver.stop(other.machine.name, soon());
  await one.driver.delete(other.machine.name, soon());
  await answers(other);
  const { machines } = await one.driver.capacity(soon());
  expect(machines?.filter(({ ours }) => ours).map(({ name }) => name)).toEqual([one.machine.name]);

  // Off the books, and still there: each sees its own orphan, and only the one that tears down loses a machine.
  for (const under of [one, other]) {
    await under.client.pool.pause.mutate({ name: "demo" });
    await under.client.settings.put.mutate({ orphanKeepSeconds: 0 });
    await under.client.machine.forget.mutate({ id: under.machine.id });
    await probed(under);
    expect((await under.client.node.list.query())[0]?.orphans).toMatchObject([{ name: under.machine.name }]);
  }
  await aSweepLater(one);
  await probed(one);
  const adopted = await one.client.machine.get.query({ id: one.machine.name });
  const gone = await until(
    "the orphan to be proven gone",
    async () => {
      const machine = await one.client.machine.get.query({ id: adopted.id });
      return machine.state === "deleted" && machine;
    },
    SLOW,
  );
  expect(gone).toMatchObject({ receipt: { kind: "listed" } });
  expect(await standing(one)).toEqual([]);
  expect(await standing(other)).toEqual([other.machine.name]);
  await answers(other);

  // It goes on beside the other's, and ends without it.
  await one.client.pool.resume.mutate({ name: "demo" });
  await one.ready(1);
  await one.client.pool.remove.mutate({ name: "demo" });
  await until("its last machine to be gone", async () => (await standing(one)).length === 0, SLOW);
  expect(await standing(other)).toEqual([other.machine.name]);
  await answers(other);
}

async function withOneReady(options: SystemOptions, image: string): Promise<Neighbour> {
  const under = await system(options);
  try {
    await under.client.recipe.put.mutate(RECIPE);
    await under.client.pool.put.mutate(
      specOf({ image, shape: { vcpus: 1, memoryMib: 256, diskGib: 1 }, targetSize: 1, maxSize: 1 }),
    );
    under.startRelay();
    const [machine] = await under.ready(1);
    if (machine === undefined) throw new Error("no machine is ready");
    return { ...under, machine };
  } catch (error) {
    await under[Symbol.asyncDispose]();
    throw error;
  }
}

const standing = async ({ driver }: System) =>
  (await driver.list(deadline(10))).machines.map(({ name }) => name);

async function answers(under: Neighbour): Promise<void> {
  const { host, port, hostKey } = under.machine;
  if (host === null || port === null || hostKey === null) throw new Error("nobody can log in to it");
  expect(await under.read({ host, port, hostKey }, "echo here")).toBe("here");
}

/** A probe, as a sweep hands it out, and what it heard. */
async function probed(under: System): Promise<void> {
  const heard = async () => (await under.client.node.list.query())[0]?.lastProbeAt;
  const before = await heard();
  await under.client.sweep.run.mutate();
  await until("a probe", async () => (await heard()) !== before);
}

/** As if a sweep had passed since what the node shows was seen first. */
async function aSweepLater({ db }: System): Promise<void> {
  await db.execute(sql`update nodes set orphans = coalesce((
    select jsonb_object_agg(key, value || jsonb_build_object('since', (value ->> 'since')::timestamptz
      - make_interval(secs => ${SETTINGS.orphanSightingSeconds}))) from jsonb_each(orphans)), '{}')`);
}
