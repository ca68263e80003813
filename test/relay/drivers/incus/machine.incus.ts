import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createMachine } from "../../../../src/relay/operations/create.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { TestLease } from "../../helpers/lease.ts";
import { testNode } from "../../helpers/node.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import { testOnlyAtNight } from "../../../helpers/nightly.ts";

/** What a machine of the image is like inside, and what its maker can tell about it. */

test("a machine has done its first boot well, with one host key and no account but root's", async () => {
  await using under = await incusUnderTest();
  const wanted = await request();
  using root = await rootLogin(await under.driver.create(wanted, soon()));
  const shell = async (command: string) => {
    const { code, stdout, stderr } = await root.exec(command);
    return code === 0 ? stdout.trim() : `exit ${code}: ${stdout}${stderr}`;
  };
  expect(await shell("cloud-init status --wait")).toMatch(/status: done$/);
  expect(await shell("cat /proc/1/comm && hostname")).toBe(`systemd\n${wanted.name}`);
  expect(await shell("ls /etc/ssh/ssh_host_*_key")).toBe("/etc/ssh/ssh_host_ed25519_key");
  expect(await shell("awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' /etc/passwd")).toBe("");
  expect(await shell("grep -c . /root/.ssh/authorized_keys")).toBe("1");
  expect(await shell("systemctl is-system-running --wait")).toBe("running");
  expect(await shell("systemd-run --wait --pipe --unit=warmpool-try echo ran")).toContain("ran");
});

test("a machine is known good only when its first boot is over", async () => {
  await using under = await incusUnderTest();
  await using node = await testNode(under.driver);
  const { name, port, httpPort } = await request();
  const machine = { id: randomUUID(), name, number: 1, port, httpPort, hostKey: null };
  const spec = {
    pool: "demo",
    shape: { vcpus: 1, memoryMib: 512, diskGib: 1 },
    image: INSTALLED.image,
    instanceType: "container" as const,
    adminSshKeys: [],
    bootTimeoutSeconds: 120,
  };
  const operation = { kind: "create" as const, id: randomUUID(), token: 1, attempt: 1, machine, spec };
  const lease = new TestLease();
  expect(await createMachine(operation, lease, node.tools)).toMatchObject({ outcome: "created" });
  const [pinned] = lease.told;
  if (pinned?.kind !== "create" || pinned.hostKey === undefined) throw new Error("no host key was pinned");
  const target = { id: machine.id, name, host: "127.0.0.1", port, hostKey: pinned.hostKey };
  expect(await node.read(target, "cloud-init status")).toMatch(/status: done$/);
});

test("nobody in a machine but root can read its host key, also not where cloud-init was told it", async () => {
  await using under = await incusUnderTest();
  using root = await rootLogin(await under.driver.create(await request(), soon()));
  const { stdout } = await root.exec(
    `useradd -m stranger && cloud-init status --wait >/dev/null; ls -d /dev/incus 2>/dev/null
     su stranger -c 'grep -rlsE "PRIVATE KEY" /etc/ssh /var/lib/cloud /var/log /run 2>/dev/null'; echo end`,
  );
  expect(stdout).toBe("end\n");
});

testOnlyAtNight(
  "evidence has the console, what cloud-init did and Incus's own log, of a stopped machine too",
  async () => {
    await using under = await incusUnderTest();
    const machine = await under.driver.create(await request(), soon());
    using root = await rootLogin(machine);
    await root.exec("cloud-init status --wait");
    await under.driver.stop(machine.name, soon());
    const evidence = await under.driver.evidence(machine.name, soon());
    expect(evidence["instance"]).toContain("Stopped");
    expect(evidence["console"]).toMatch(/systemd|login:/);
    expect(JSON.parse(evidence["cloud-init status"] ?? "")).toMatchObject({ v1: { stage: null } });
    expect(evidence["cloud-init output"]).toContain("Cloud-init");
  },
);

test("a virtual machine that cannot be made here is refused in words, and nothing of it stays", async () => {
  await using under = await incusUnderTest();
  // Where the host could run one, it is the image, made for containers, that Incus refuses.
  const wanted = { ...(await request()), instanceType: "virtual-machine" as const };
  await expect(under.driver.create(wanted, soon())).rejects.toMatchObject({
    code: "failed",
    message: expect.stringMatching(/container/),
  });
  expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
});
