import { LOCAL } from "../helpers/madeLocal.ts";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { setUp } from "../../src/relay/setup/setup.ts";
import { openFolder } from "../../src/stack/folder.ts";
import { initCluster } from "../../src/stack/postgres.ts";
import { TestLease } from "./helpers/lease.ts";
import { testNode, testOnSystem } from "./helpers/node.ts";
import { setupOperation } from "./helpers/setup.ts";
import { atNight } from "../helpers/nightly.ts";

/** What people set who want their own files private. */
function withUmask(mask: number): Disposable {
  const before = process.umask(mask);
  return { [Symbol.dispose]: () => void process.umask(before) };
}

testOnSystem.each(atNight([0o077, 0o027, 0o000]))(
  "a relay under umask %i → machines in which testers can work, and private files stay private",
  async (mask) => {
    using _ = withUmask(mask);
    await using node = await testNode();
    const machine = await node.machine();
    const step = `setpriv --reuid alice --regid "$(id -g alice)" --init-groups sh -c 'id -un && cat /etc/hosts && : >/tmp/x && : >/home/alice/y'`;
    const operation = setupOperation(machine, [["a", step]]);
    expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
    const modes = await node.read(
      machine,
      "stat -c '%a %n' / /home /run /tmp /dev /dev/null /dev/pts /dev/shm /run/lock /run/sshd /root /run/warmpool; umask",
    );
    expect(modes.split("\n")).toEqual([
      "755 /",
      "755 /home",
      "755 /run",
      "1777 /tmp",
      "755 /dev",
      "666 /dev/null",
      "755 /dev/pts",
      "1777 /dev/shm",
      "1777 /run/lock",
      "755 /run/sshd",
      "700 /root",
      "700 /run/warmpool",
      "0022",
    ]);
    const folder = join(node.dir, "machines", machine.name);
    const privates = ["keys", "root", "state", "console.log", "machine.json"];
    for (const name of privates) expect((await stat(join(folder, name))).mode & 0o077, name).toBe(0);
  },
);

test.each(atNight([0o077, 0o027]))(
  "a stack under umask %i → Postgres can pass to its data as another user",
  async (mask) => {
    const parent = await mkdtemp(join(tmpdir(), "warmpool-umask-"));
    try {
      using _ = withUmask(mask);
      const { path } = openFolder(join(parent, "state"), LOCAL);
      expect((await stat(path)).mode & 0o777).toBe(0o711);
      const folder = join(path, "postgres");
      await initCluster({ folder, keep: "throwaway" });
      expect((await stat(folder)).mode & 0o777).toBe(0o711);
      expect(await readdir(join(folder, "data"))).toContain("PG_VERSION");
      expect((await stat(join(folder, "data"))).mode & 0o077).toBe(0);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  },
);
