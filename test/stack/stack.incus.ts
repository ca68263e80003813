import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { incusClient } from "../../src/relay/drivers/incus/client.ts";
import { findInstance } from "../../src/relay/drivers/incus/look.ts";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { makeKeyPair } from "../../src/relay/ssh/hostKey.ts";
import { until } from "../helpers/until.ts";
import { startStack } from "../helpers/stack.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { deadline } from "../helpers/patience.ts";
import { testOnlyAtNight } from "../helpers/nightly.ts";

test("npm start takes Incus where all of Warmpool's is there, fills a pool with it and takes it down", async () => {
  await using folder = await temporaryFolder();
  await using stack = await startStack(folder.path, ["--driver", "auto"]);
  const { url, adminToken } = await stack.ready();
  expect(stack.output()).toContain("Driver: incus (project warmpool, image warmpool-debian)");
  const admin = createClient({ url, token: adminToken });
  const { items } = await admin.machine.list.query({ state: "ready" });
  expect(items).toMatchObject([
    { driver: "incus", driverRef: `warmpool/${items[0]?.name}`, host: "127.0.0.1" },
  ]);
  stack.signal("SIGTERM");
  expect(await stack.exited).toBe(0);
  expect(stack.output()).toContain("Stopped.");
  const left = await findInstance(incusClient(INSTALLED), items[0]?.name ?? "", deadline(10));
  expect(left).toBeNull();
});

testOnlyAtNight(
  "npm start again without its image's alias: the tester's machine is served, and what is missing is said",
  async () => {
    await using folder = await temporaryFolder();
    const image = `wp-stack-${process.pid}`;
    const alias = (...args: string[]) => incus("image", "alias", ...args);
    await alias("create", image, await fingerprintOf("warmpool-debian"));
    process.env["WARMPOOL_IMAGE"] = image;
    let isThere = true;
    try {
      await using first = await startStack(folder.path, ["--driver", "incus"]);
      const { url, appToken } = await first.ready();
      const app = createClient({ url, token: appToken });
      const { publicKey } = makeKeyPair("alice");
      const asked = { username: "alice", sshKeys: [publicKey] };
      await app.tester.assign.mutate(asked);
      await until(
        "alice to be active",
        async () => (await app.tester.status.query({ username: "alice" })).state === "active",
      );
      first.signal("SIGTERM");
      expect(await first.exited).toBe(0);
      await alias("delete", image);
      isThere = false;

      await using again = await startStack(folder.path, ["--driver", "incus", "--destroy"]);
      const local = await again.ready();
      expect(again.output()).toContain("The pool demo cannot fill now");
      expect(again.output()).toContain("scripts/build-image.sh");
      const served = createClient({ url: local.url, token: local.appToken });
      const { machine } = await served.tester.status.query({ username: "alice" });
      if (machine === null) throw new Error("alice has no machine");
      expect(await inMachine(machine.name, "sudo -n true; hostname; free -m")).toMatch(
        new RegExp(`^${machine.name}\\n[^]*Mem: +512 `),
      );
      again.signal("SIGTERM");
      expect(await again.exited).toBe(0);
    } finally {
      delete process.env["WARMPOOL_IMAGE"];
      if (isThere) await alias("delete", image);
    }
  },
);

async function fingerprintOf(alias: string): Promise<string> {
  const [, fingerprint = ""] = /Fingerprint: (\w+)/.exec(await incus("image", "info", alias)) ?? [];
  return fingerprint;
}

/** What a command prints there, its errors as well. */
function inMachine(name: string, command: string): Promise<string> {
  return incus("exec", name, "--", "sh", "-c", `exec 2>&1; ${command}`);
}

async function incus(...args: string[]): Promise<string> {
  const ran = promisify(execFile)("incus", ["--project", "warmpool", ...args], { signal: deadline(60) });
  // The client would take what comes on standard input for configuration.
  ran.child.stdin?.end();
  return (await ran).stdout;
}
