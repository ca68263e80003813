import { sql } from "drizzle-orm";
import { expect } from "vitest";
import { rows } from "../../src/db/client.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, RECIPE, specOf } from "../helpers/world.ts";
import { testAtNight } from "./helpers/node.ts";
import { proxyTo } from "./helpers/proxy.ts";
import { type System, system } from "./helpers/system.ts";

/** Relays and machines that die around a set-up, as processes, at moments that are chosen. */
const SPEC = { shape: { vcpus: 1, memoryMib: 256, diskGib: 1 }, image: "local" };
const STEPS = ["one", "two"];
const RECIPE_THAT_WAITS = {
  ...RECIPE,
  params: {},
  steps: STEPS.map((id) => ({
    id,
    title: `Do ${id}`,
    script: `echo "start ${id}" >>/root/trace
${id === "one" ? "until [ -f /root/go ]; do sleep 0.05; done" : ""}
echo "end ${id}" >>/root/trace`,
    timeoutSeconds: 120,
  })),
};

const statusOf = ({ client }: System) => client.tester.status.query({ username: "alice" });

testAtNight(
  "R2 a relay killed at the claim, at the log-in, in mid step and at the end: the machine is the tester's, each step ran once",
  async () => {
    await using under = await system({ driver: "local", detour: true });
    await under.client.recipe.put.mutate(RECIPE_THAT_WAITS);
    await under.client.pool.put.mutate(specOf({ ...SPEC, targetSize: 1, maxSize: 1 }));
    under.startRelay();
    const [row] = await until("a machine's row", async () => {
      const found = await rows<{ port: number }>(under.db, sql`select port from machines`);
      return found.length > 0 && found;
    });
    if (row === undefined) throw new Error("there is no machine");
    await using proxy = await proxyTo(row.port, row.port, "127.0.0.2");
    const [machine] = await under.ready(1);
    if (machine?.hostKey == null) throw new Error("no machine is ready");
    const onIt = { host: "127.0.0.1", port: row.port, hostKey: machine.hostKey };
    const killNow = async (): Promise<void> => {
      await under.killRelay();
      under.startRelay();
    };

    await under.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    await killNow();
    const connected = new Promise<void>((resolve) => proxy.atNext(resolve));
    await connected;
    await killNow();
    await until("the first step to wait", async () =>
      (await under.read(onIt, "cat /root/trace")).endsWith("start one"),
    );
    await killNow();
    await under.read(onIt, "touch /root/go");
    await until("the exit record", () => under.read(onIt, "cat /var/lib/warmpool/setup/*/exit"));
    await killNow();

    const active = await until("the machine to be hers", async () => {
      const now = await statusOf(under);
      return now.state === "active" && now;
    });
    expect(active).toMatchObject({ swaps: 0, error: null, machine: { id: machine.id } });
    expect(await under.read(onIt, "cat /root/trace")).toBe("start one\nend one\nstart two\nend two");
  },
);

// By day swap.db.test.ts shows the rule, and setup/login.machines.test.ts how the relay finds out.
testAtNight(
  "R12 a machine that died after its last probe is not handed out: its tester has another one within the connect budget",
  async () => {
    await using under = await system({ driver: "local" });
    await under.client.recipe.put.mutate({ ...RECIPE, params: {} });
    await under.client.pool.put.mutate(specOf({ ...SPEC, targetSize: 2, maxSize: 3 }));
    under.startRelay();
    const ready = await under.ready(2);
    // By the database's own clock: two may be ready within the millisecond that the API shows.
    const longest = sql`select id from machines where state = 'ready' order by ready_at limit 1`;
    const nextId = (await rows<{ id: string }>(under.db, longest))[0]?.id;
    const broken = ready.find(({ id }) => id === nextId);
    if (broken === undefined) throw new Error("no machine is ready");
    await under.driver.stop(broken.name, deadline(20));

    const told = await under.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    expect(told.assignment.machine?.id).toBe(broken.id);
    const swapped = await until("another machine", async () => {
      const now = await statusOf(under);
      return now.machine !== null && now.machine.id !== broken.id && now;
    });
    expect(swapped.swaps).toBe(1);
    const missed = sql`select 1 from events where reason = 'swapped' and machine = ${broken.id} and after = 'suspect'`;
    expect(await rows(under.db, missed)).toHaveLength(1);
    await until("the machine to be hers", async () => (await statusOf(under)).state === "active");

    // One broken machine does not block the pool: two more probes, and it is replaced.
    await until(
      "it to be replaced",
      async () => {
        await under.client.sweep.run.mutate();
        return (await under.client.machine.get.query({ id: broken.id })).state === "deleted";
      },
      { seconds: 60, everyMs: 1000 },
    );
    await under.ready(2);
  },
);
