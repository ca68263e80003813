import { sql } from "drizzle-orm";
import { describe, expect } from "vitest";
import type { MachineView, PoolSpecInput } from "../../src/client/index.ts";
import { rows } from "../../src/db/client.ts";
import { isNight } from "../helpers/nightly.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, RECIPE, specOf } from "../helpers/world.ts";
import { testAtNight, testOnSystem as test } from "./helpers/node.ts";
import { type Proxy, proxyTo } from "./helpers/proxy.ts";
import { type System, type SystemOptions, system } from "./helpers/system.ts";

/**
 * A relay that stands still, whose work goes to another one meanwhile, and that goes on where it was: nothing of what
 * it then does lasts. The relays are processes, the machines real, and every moment is right before a side effect.
 */
const SHAPE = { vcpus: 1, memoryMib: 256, diskGib: 1 };
const TRACED = {
  ...RECIPE,
  params: {},
  steps: ["one", "two", "three"].map((id) => ({
    id,
    title: `Do ${id}`,
    script: `echo "start ${id}" >>/root/trace
${id === "two" ? "until [ -f /root/go ]; do sleep 0.05; done" : ""}
echo "end ${id}" >>/root/trace`,
    timeoutSeconds: 60,
  })),
};
const ONCE_EACH = "start one\nend one\nstart two\nend two\nstart three\nend three";

async function put(under: System, changes: Partial<PoolSpecInput>): Promise<void> {
  await under.client.recipe.put.mutate(TRACED);
  await under.client.pool.put.mutate(specOf({ shape: SHAPE, image: "local", maxSize: 2, ...changes }));
}

/** A system whose pool has one machine ready. */
async function withOneReady(options: Partial<SystemOptions>): Promise<System & { machine: MachineView }> {
  const under = await system({ driver: "local", ...options });
  try {
    await put(under, { targetSize: 1 });
    under.startRelay();
    const [machine] = await under.ready(1);
    if (machine === undefined) throw new Error("no machine is ready");
    return { ...under, machine };
  } catch (error) {
    await under[Symbol.asyncDispose]();
    throw error;
  }
}

/** Everything that a late effect could change: the rows, and what the node has. */
async function picture(under: System) {
  const machines = await rows(
    under.db,
    sql`select name, state, host_key, dial_host, dial_port from machines order by number`,
  );
  const told = await rows(
    under.db,
    sql`select id, kind, reason from events where kind <> 'node' order by id`,
  );
  const standing = (await under.driver.list(deadline(10))).machines;
  return { machines, told, standing: standing.map(({ name, state }) => `${name} ${state}`).toSorted() };
}

function target({ host, port, hostKey }: MachineView) {
  if (host === null || port === null || hostKey === null) throw new Error("nobody can log in to it");
  return { host, port, hostKey };
}

const atNightOnly = isNight ? test : test.skip;

describe("a create whose relay stood still", () => {
  testAtNight("comes too late to the machine that another relay has made", async () => {
    await using under = await system({ driver: "local", program: true });
    under.startRelay();
    const holding = under.holdAt("create");
    await put(under, { targetSize: 1 });
    const held = await holding;
    await under.startRelayElsewhere();
    const [machine] = await under.ready(1);
    if (machine === undefined) throw new Error("no machine is ready");
    const before = await picture(under);
    await held.finish();
    held.thaw();
    expect(await held.ended()).toBe(1);
    expect(await picture(under)).toEqual(before);
    expect(before.standing).toEqual([`${machine.name} running`]);
    expect(await under.read(target(machine), "echo here")).toBe("here");
  });

  // By day main.machines.test.ts shows that a relay ends the one before it.
  atNightOnly("cannot come at all where the next relay has the same folder: that ends it first", async () => {
    await using under = await system({ driver: "local", program: true });
    under.startRelay();
    const holding = under.holdAt("create");
    await put(under, { targetSize: 1 });
    const held = await holding;
    under.startRelay();
    expect(await held.ended()).toBe("SIGKILL");
    const [machine] = await under.ready(1);
    expect((await picture(under)).standing).toEqual([`${machine?.name} running`]);
    expect(await under.relayLog()).toContain("Killing the previous relay of this folder");
  });
});

describe("a teardown whose relay stood still", () => {
  atNightOnly.each(["delete", "stop"])(
    "at its %s touches nothing of what has come since",
    async (command) => {
      await using under = await withOneReady({ program: true });
      const holding = under.holdAt(command);
      await under.client.machine.recreate.mutate({ id: under.machine.id });
      const held = await holding;
      await under.startRelayElsewhere();
      const gone = await until("the machine to be gone", async () => {
        const now = await under.client.machine.get.query({ id: under.machine.id });
        return now.state === "deleted" && now;
      });
      expect(gone.receipt).toMatchObject({ kind: "listed" });
      const [next] = await under.ready(1);
      if (next === undefined) throw new Error("it was not replaced");
      const before = await picture(under);
      await held.finish();
      held.thaw();
      expect(await held.ended()).toBe(1);
      expect(await picture(under)).toEqual(before);
      expect(await under.read(target(next), "echo here")).toBe("here");
    },
  );
});

describe("a set-up whose relay stood still", () => {
  const STATE = "find /var/lib/warmpool /home /root -type f | sort | xargs sha256sum";

  // By day setup/survival.machines.test.ts shows that a machine refuses a relay that slept.
  atNightOnly(
    "right before it starts anything starts nothing, and does not lower the machine's fence",
    async () => {
      await using under = await system({ driver: "local", detour: true });
      await put(under, { targetSize: 1, maxSize: 1 });
      under.startRelay();
      await using proxy = await proxyToOnly(under);
      const [machine] = await under.ready(1);
      if (machine === undefined) throw new Error("no machine is ready");
      const standing = new Promise<ReturnType<System["freezeRelay"]>>((resolve) => {
        proxy.atNext(() => resolve(under.freezeRelay()));
      });
      await under.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
      const atConnection = await standing;
      // The edge hears of its login while it stands still, and would let it go on.
      const frozen = await under.db.transaction(async (tx) => {
        await tx.execute(sql`select 1 from assignments for no key update`);
        atConnection.thaw();
        const telling = sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%logged_in_at%'`;
        await until("it to tell of its login", async () => (await rows(under.db, telling)).length > 0);
        return under.freezeRelay();
      });
      const told = sql`select 1 from assignments where logged_in_at is not null`;
      await until("the edge to know", async () => (await rows(under.db, told)).length > 0);
      await under.startRelayElsewhere();
      await inStepTwo(under, machine);
      const fence = await under.read(target(machine), "cat /var/lib/warmpool/fence");
      frozen.thaw();
      expect(await frozen.ended()).toBe(1);
      expect(await under.read(target(machine), "cat /var/lib/warmpool/fence")).toBe(fence);
      await finishesOnce(under, machine);
    },
  );

  testAtNight("in the middle of it finds it ended, and changes nothing", async () => {
    await using under = await withOneReady({});
    const { machine } = under;
    await under.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    await inStepTwo(under, machine);
    const frozen = under.freezeRelay();
    await under.startRelayElsewhere();
    await finishesOnce(under, machine);
    const before = { ...(await picture(under)), onIt: await under.read(target(machine), STATE) };
    frozen.thaw();
    expect(await frozen.ended()).toBe(1);
    expect({ ...(await picture(under)), onIt: await under.read(target(machine), STATE) }).toEqual(before);
  });
});

/** Between the relay and the machine that is being made. */
async function proxyToOnly(under: System): Promise<Proxy> {
  const [row] = await until("a machine's row", async () => {
    const found = await rows<{ port: number }>(under.db, sql`select port from machines`);
    return found.length > 0 && found;
  });
  if (row === undefined) throw new Error("there is no machine");
  return proxyTo(row.port, row.port, "127.0.0.2");
}

function inStepTwo(under: System, machine: MachineView): Promise<boolean> {
  return until("step two", async () =>
    (await under.read(target(machine), "cat /root/trace")).endsWith("start two"),
  );
}

/** Lets the set-up go on, by whoever has it now, and looks at what ran. */
async function finishesOnce(under: System, machine: MachineView): Promise<void> {
  await inStepTwo(under, machine);
  await under.read(target(machine), "touch /root/go");
  await until("alice's machine to be hers", async () => {
    const now = await under.client.tester.status.query({ username: "alice" });
    if (now.state === "active") return true;
    throw new Error(`the assignment is ${now.state}: ${now.error?.message ?? ""}`);
  });
  expect(await under.read(target(machine), "cat /root/trace")).toBe(ONCE_EACH);
}
