import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { MachineView, PoolSpecInput } from "../../../src/client/index.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { isNight } from "../../helpers/nightly.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { RECIPE, specOf } from "../../helpers/world.ts";
import { type System, type SystemOptions, system } from "../helpers/system.ts";

/** Teardowns that go wrong in every way that a driver knows, through a real relay and with real machines. */
const SLOW = { seconds: 60, everyMs: 100 };

async function put(under: System, changes: Partial<PoolSpecInput> = {}): Promise<void> {
  await under.client.recipe.put.mutate(RECIPE);
  const shape = { vcpus: 1, memoryMib: 256, diskGib: 1 };
  await under.client.pool.put.mutate(
    specOf({ shape, image: "local", targetSize: 1, maxSize: 1, ...changes }),
  );
}

/** A system whose pool has its one machine ready. */
async function withOneReady(options: Partial<SystemOptions>): Promise<System & { machine: MachineView }> {
  const under = await system({ driver: "local", ...options });
  try {
    await put(under);
    under.startRelay();
    const [machine] = await under.ready(1);
    if (machine === undefined) throw new Error("no machine is ready");
    return { ...under, machine };
  } catch (error) {
    await under[Symbol.asyncDispose]();
    throw error;
  }
}

/** The next try comes now, however long it has to wait. */
async function atOnce({ db }: System): Promise<void> {
  await db.execute(sql`update operations set not_before = now() where kind = 'delete' and state = 'queued'`);
}

/** Waits until the machine's delete has failed so many times, each try at once, and gives the machine as it is then. */
function stuck(under: System, id: string, tries: number): Promise<MachineView> {
  return until(
    `${tries} deletes to fail`,
    async () => {
      await atOnce(under);
      const machine = await under.client.machine.get.query({ id });
      const { operation } = machine;
      return operation !== null && operation.attempt >= tries && operation.error !== null && machine;
    },
    SLOW,
  );
}

function gone(under: System, id: string): Promise<MachineView> {
  return until(
    "the machine to be proven gone",
    async () => {
      await atOnce(under);
      const machine = await under.client.machine.get.query({ id });
      return machine.state === "deleted" && machine;
    },
    SLOW,
  );
}

const standing = async ({ driver }: System) =>
  (await driver.list(deadline(10))).machines.map(({ name }) => name);

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

/** What a driver program does while the file of that name is there, and what the machine's delete then says. */
const FAULTS = {
  lies: {
    body: `[ "$1" = delete ] && exit 0`,
    error: /^The driver still shows \S+ \(.*\) after the delete\.$/,
  },
  hangs: {
    body: `[ "$1" = delete ] && exec sleep 1000`,
    error: /did not end within 8 s and was killed/,
  },
  fails: {
    body: `[ "$1" = delete ] && { echo "the disk is busy" >&2; exit 5; }`,
    error: /exited with 5: the disk is busy/,
  },
  "leaves-a-disk": {
    body: `case $1 in delete) real stop; exit ;; get) exit 30 ;; esac`,
    error: /^The node's listing still shows \S+ after the delete: a machine or one of its disks is left\.$/,
  },
  "cannot-list": {
    body: `[ "$1" = list ] && exit 75`,
    error: /^list by \S+ asked for a retry later/,
  },
  "lists-a-part": {
    body: `[ "$1" = list ] && { echo '{"machines":[]}'; exit; }`,
    error: /^The driver's listing was incomplete, so it does not prove that the machine is gone\.$/,
  },
};

// By day the acceptance run shows it (its part faults).
test.runIf(isNight)(
  "R3 a delete that lies, hangs, fails, leaves a disk or cannot be proven: the row stays, its place is taken, it is tried on and ends on proof",
  async () => {
    const broken = Object.entries(FAULTS)
      .map(([name, { body }]) => `if [ -e "$folder/${name}" ]; then\n${body}\nfi`)
      .join("\n");
    await using under = await withOneReady({ broken, timeouts: ["delete=8s"] });
    let { machine } = under;
    for (const [fault, { error }] of Object.entries(FAULTS)) {
      const { id, name } = machine;
      await under.fault(fault, true);
      await under.client.machine.recreate.mutate({ id });
      // One that hangs takes all its time, so once is enough.
      expect(await stuck(under, id, fault === "hangs" ? 1 : 2), fault).toMatchObject({
        state: "deleting",
        receipt: null,
        operation: {
          kind: "delete",
          error: expect.stringMatching(error) as string,
          since: expect.any(String) as string,
        },
      });
      await under.client.sweep.run.mutate();
      expect(await under.client.pool.get.query({ name: "demo" }), fault).toMatchObject({
        counts: { provisioning: 0, ready: 0, deleting: 1 },
      });
      const { terms } = await under.client.capacity.report.query({ pool: "demo" });
      expect(terms, fault).toContainEqual({
        kind: "deleting",
        count: expect.any(Number) as number,
        names: [name],
      });

      await under.fault(fault, false);
      expect(await gone(under, id), fault).toMatchObject({
        receipt: { kind: "listed", storageProof: "volumes" },
      });
      await under.client.sweep.run.mutate();
      const [next] = await under.ready(1);
      if (next === undefined) throw new Error("it was not replaced");
      expect(next.name).not.toBe(name);
      expect(await standing(under), fault).toEqual([next.name]);
      machine = next;
    }
  },
);

// By day the rules of orphans show the rest, without machines (test/domain/orphans).
test.runIf(isNight)(
  "R3 a machine that is forgotten and still stands counts in the capacity, is adopted as an orphan, and ends on proof",
  async () => {
    const broken = `[ -e "$folder/fault" ] && [ "$1" = delete ] && exit 0`;
    await using under = await withOneReady({ broken });
    const { id, name } = under.machine;
    await under.fault("fault", true);
    await under.client.machine.recreate.mutate({ id });
    await stuck(under, id, 2);
    await under.client.machine.forget.mutate({ id, note: "nobody can delete it" });
    const [next] = await under.ready(1);
    const leaked = await until("the capacity to show it", async () => {
      const { terms } = await under.client.capacity.report.query({ pool: "demo" });
      return terms.find((term) => term.kind === "leaked");
    });
    expect(leaked.names).toEqual([name]);

    await under.client.settings.put.mutate({ orphanKeepSeconds: 0 });
    await probed(under);
    expect((await under.client.node.list.query())[0]?.orphans).toMatchObject([{ name }]);
    await aSweepLater(under);
    await probed(under);
    const adopted = await under.client.machine.get.query({ id: name });
    expect(adopted).toMatchObject({ state: "deleting", pool: null });
    expect(adopted.id).not.toBe(id);
    await stuck(under, adopted.id, 2);
    await under.fault("fault", false);
    expect(await gone(under, adopted.id)).toMatchObject({ receipt: { kind: "listed" } });
    expect(await standing(under)).toEqual([next?.name]);
  },
);

test.runIf(isNight)(
  "R9 a driver that hid a machine from its delete's proof is found out by its next listings",
  async () => {
    const broken = `[ -e "$folder/fault" ] && case $1 in
    delete) exit 0 ;;
    get) exit 30 ;;
    list) echo '{"complete":true,"machines":[]}'; exit ;;
  esac`;
    await using under = await withOneReady({ broken });
    const { id, name } = under.machine;
    await under.client.pool.pause.mutate({ name: "demo" });
    await under.fault("fault", true);
    await under.client.machine.recreate.mutate({ id });
    await gone(under, id);
    expect(await standing(under)).toEqual([name]);

    await under.client.settings.put.mutate({ orphanKeepSeconds: 0 });
    await under.fault("fault", false);
    await probed(under);
    await aSweepLater(under);
    await probed(under);
    const adopted = await under.client.machine.get.query({ id: name });
    expect(adopted.id).not.toBe(id);
    expect(await gone(under, adopted.id)).toMatchObject({ receipt: { kind: "listed" } });
    expect(await standing(under)).toEqual([]);
  },
);
