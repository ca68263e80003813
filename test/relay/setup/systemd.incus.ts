import { expect, test } from "vitest";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { until } from "../../helpers/until.ts";
import { incusUnderTest } from "../drivers/incus/machines.ts";
import { soon } from "../drivers/conformance.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode } from "../helpers/node.ts";
import { proxyTo } from "../helpers/proxy.ts";
import { setupOperation } from "../helpers/setup.ts";
import { testOnlyAtNight } from "../../helpers/nightly.ts";

/** Set-up on machines with systemd: the runner is a unit of its own. */

/** Each step notes its start and end with the boot it ran in; the second waits for /root/go. */
const TRACED: [string, string][] = ["one", "two", "three"].map((id) => [
  id,
  `boot=$(cut -c1-8 /proc/sys/kernel/random/boot_id)
   echo "start ${id} $boot" >>/root/trace
   ${id === "two" ? "until [ -f /root/go ]; do sleep 0.1; done" : ""}
   echo "end ${id} $boot" >>/root/trace`,
]);

test("the runner is a transient unit, and what a step leaves running outlives it", async () => {
  await using under = await incusUnderTest();
  await using node = await testNode(under.driver);
  const machine = await node.machine();
  const operation = setupOperation(machine, [
    ["where", "cat /proc/self/cgroup >/root/cgroup; echo $HOME $USER $LOGNAME >/root/home"],
    ["leave", "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >/root/left"],
  ]);

  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });

  expect(await node.read(machine, "cat /root/cgroup")).toContain("/warmpool-setup-1-");
  expect(await node.read(machine, "cat /root/home")).toBe("/root root root");
  await until("the unit to be over", async () => {
    const { stdout } = await node.exec(
      machine,
      "systemctl list-units --no-legend --state=active 'warmpool-setup-*'",
    );
    return stdout.toString().trim() === "";
  });
  expect(await node.read(machine, "kill -0 $(cat /root/left) && echo lives")).toBe("lives");
});

test("a relay that dies and a machine that restarts in mid set-up: done steps are skipped, each ends once", async () => {
  await using under = await incusUnderTest();
  await using node = await testNode(under.driver);
  const machine = await node.machine();
  const operation = setupOperation(machine, TRACED);
  const trace = async (): Promise<string[]> => (await node.read(machine, "cat /root/trace")).split("\n");
  const first = new TestLease();
  const killed = setUp(operation, first, node.tools);
  await until("step two", async () =>
    (await trace().catch(() => [])).some((line) => line.startsWith("start two")),
  );
  first.end();
  await expect(killed).rejects.toThrow(LeaseLost);

  await node.driver.stop(machine.name, soon());
  await node.driver.start(machine.name, soon());
  await until(
    "the machine to answer",
    async () => (await node.exec(machine, "true").catch(() => null))?.code === 0,
  );
  const second = setUp({ ...operation, token: 2, attempt: 2 }, new TestLease(), node.tools);
  await until("step two again", async () => {
    const lines = await trace().catch(() => []);
    return lines.filter((line) => line.startsWith("start two")).length === 2;
  });
  await node.exec(machine, "touch /root/go");

  expect(await second).toMatchObject({ outcome: "set_up" });
  const lines = await trace();
  expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
    "start one",
    "end one",
    "start two",
    "start two",
    "end two",
    "start three",
    "end three",
  ]);
  const boots = lines.filter((line) => line.startsWith("start two")).map((line) => line.split(" ")[2]);
  expect(new Set(boots).size).toBe(2);
});

test("connections that drop or are half open lose nothing and run nothing twice", async () => {
  await using under = await incusUnderTest();
  await using node = await testNode(under.driver);
  const machine = await node.machine();
  expect(machine.host).toBe("127.0.0.1");
  await using proxy = await proxyTo(machine.port);
  const running = setUp(
    setupOperation({ ...machine, port: proxy.port }, TRACED),
    new TestLease(),
    node.tools,
  );
  const trace = async (): Promise<string> => node.read(machine, "cut -d ' ' -f 1,2 /root/trace");
  await until("step two", async () => (await trace().catch(() => "")).endsWith("start two"));
  for (const hurt of ["cut", "freeze"] as const) {
    const before = proxy.taken;
    expect(proxy[hurt]()).toBe(1);
    await until("a new connection", () => proxy.taken > before);
  }
  await node.exec(machine, "touch /root/go");
  expect(await running).toMatchObject({ outcome: "set_up" });
  expect(await trace()).toBe("start one\nend one\nstart two\nend two\nstart three\nend three");
});

testOnlyAtNight(
  "a step whose time is over is ended with all it started, and the end is on record",
  async () => {
    await using under = await incusUnderTest();
    await using node = await testNode(under.driver);
    const machine = await node.machine();
    const operation = setupOperation(machine, [
      ["slow", "trap '' TERM; sleep 300 & while :; do sleep 1; done", 1],
    ]);
    expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({
      outcome: "setup_failed",
      reason: "step_timed_out",
      step: "slow",
    });
    expect((await node.exec(machine, "pgrep -x sleep")).code).toBe(1);
    expect(await node.read(machine, "cat /var/lib/warmpool/setup/*/exit")).toBe("timeout 2");
  },
);
