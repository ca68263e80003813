import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { MachineView } from "../../src/client/index.ts";
import { rows } from "../../src/db/client.ts";
import { incusClient } from "../../src/relay/drivers/incus/client.ts";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, RECIPE, specOf } from "../helpers/world.ts";
import { losePower } from "./drivers/incus/powerLoss.ts";
import { runScript } from "./drivers/incus/script.ts";
import { type System, system } from "./helpers/system.ts";
import { deadline } from "../helpers/patience.ts";
import { testOnlyAtNight } from "../helpers/nightly.ts";

/** A node as a whole: its power, and the restart of one machine on it. */
const SPEC = specOf({ image: INSTALLED.image, shape: { vcpus: 1, memoryMib: 256, diskGib: 1 } });
const BOOT = "cat /proc/sys/kernel/random/boot_id";

function targetOf({ host, port, hostKey }: MachineView) {
  if (host === null || port === null || hostKey === null) throw new Error("the machine has no address");
  return { host, port, hostKey };
}

async function machineOf({ client }: System, username: string): Promise<MachineView> {
  const status = () => client.tester.status.query({ username });
  const what = `${username}'s machine to be active`;
  const { machine } = await until(what, async () => ((await status()).state === "active" ? status() : null), {
    seconds: 90,
    everyMs: 100,
  });
  return client.machine.get.query({ id: machine?.id ?? "" });
}

const assignTo = ({ client }: System, username: string) =>
  client.tester.assign.mutate({ username, sshKeys: [KEY_A] });

test("R12 a node that loses its power: who had a machine has it back, and nobody gets one that was not probed since", async () => {
  await using under = await system({ driver: "incus" });
  const { client, db } = under;
  await client.recipe.put.mutate(RECIPE);
  await client.pool.put.mutate({ ...SPEC, targetSize: 2, maxSize: 3 });
  under.startRelay();
  await under.ready(2);
  await assignTo(under, "alice");
  const mine = await machineOf(under, "alice");
  const boot = await under.read(targetOf(mine), `echo kept >/root/mark; sync; ${BOOT}`);
  // The one that would be claimed first stays off when the power is back.
  const [second, first] = await under.ready(2);
  if (first === undefined || second === undefined) throw new Error("there are no two ready machines");
  await incusCommand("config", "set", first.name, "boot.autostart=false");

  await under.killRelay();
  await losePower(incusClient(INSTALLED), INSTALLED.project, [mine.name, first.name, second.name]);
  await db.execute(sql`update nodes set last_seen_at = last_seen_at - interval '1 hour'`);
  await client.sweep.run.mutate();
  expect((await assignTo(under, "bob")).assignment.state).toBe("waiting");
  await runScript("install-incus.sh");
  under.startRelay();

  expect(await machineOf(under, "bob")).toMatchObject({ id: second.id });
  const back = await client.machine.get.query({ id: mine.id });
  expect(back).toMatchObject({ state: "assigned", assignment: { username: "alice" }, hostKey: mine.hostKey });
  await until("alice's machine to answer, with its data", async () => {
    return (await under.read(targetOf(back), "cat /root/mark")) === "kept";
  });
  expect(await under.read(targetOf(back), BOOT)).not.toBe(boot);
  expect((await client.tester.status.query({ username: "alice" })).state).toBe("active");
  const told = await rows<{ reason: string; machine: string | null }>(
    db,
    sql`select reason, machine from events where kind in ('node', 'assignment')
      and reason in ('heard', 'probed', 'claimed') and id > (select max(id) from events where reason = 'not_heard') order by id`,
  );
  expect(told.map(({ reason }) => reason)).toEqual(["heard", "probed", "claimed"]);
  const down = await rows<{ machine: string }>(
    db,
    sql`select machine from events where kind = 'machine' and after = 'deleting' and machine <> ${first.id}`,
  );
  expect(down).toEqual([]);
  expect(await client.machine.get.query({ id: first.id })).not.toMatchObject({ state: "ready" });
});

testOnlyAtNight(
  "machine.restart: a tester's machine comes back with its data and host key, a ready one is probed before it is ready",
  async () => {
    await using under = await system({ driver: "incus" });
    const { client, db } = under;
    await client.recipe.put.mutate(RECIPE);
    await client.pool.put.mutate({ ...SPEC, targetSize: 1, maxSize: 2 });
    under.startRelay();
    await under.ready(1);
    await assignTo(under, "alice");
    const mine = await machineOf(under, "alice");
    const [spare] = await under.ready(1);
    const boot = await under.read(targetOf(mine), `echo kept >/root/mark; ${BOOT}`);

    for (const machine of [mine, spare]) await client.machine.restart.mutate({ id: machine?.id ?? "" });

    expect(await client.machine.get.query({ id: spare?.id ?? "" })).toMatchObject({ state: "suspect" });
    const again = await under.ready(1, 120);
    expect(again).toMatchObject([{ id: spare?.id, hostKey: spare?.hostKey, lastProbe: { answer: "alive" } }]);
    const back = await until("alice's machine to be restarted", async () => {
      const now = await client.machine.get.query({ id: mine.id });
      return now.operation === null && now;
    });
    expect(back).toMatchObject({
      state: "assigned",
      assignment: { username: "alice" },
      hostKey: mine.hostKey,
    });
    expect(await under.read(targetOf(back), `cat /root/mark`)).toBe("kept");
    expect(await under.read(targetOf(back), BOOT)).not.toBe(boot);
    const told = await rows<{ reason: string }>(
      db,
      sql`select reason from events where kind = 'machine' and machine = ${spare?.id} order by id desc limit 3`,
    );
    expect(told.map(({ reason }) => reason)).toEqual(["probe_alive", "restarted", "restart"]);
  },
);

async function incusCommand(...args: string[]): Promise<void> {
  await promisify(execFile)("incus", ["--project", INSTALLED.project, ...args], { signal: deadline(30) });
}
