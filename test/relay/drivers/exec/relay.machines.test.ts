import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chooseDriver } from "../../../../src/relay/drivers/choose.ts";
import { joinNode, runRelay } from "../../../../src/relay/main.ts";
import { freePort } from "../../../../src/relay/conformance/ports.ts";
import { temporaryFolder } from "../../../helpers/temporaryFolder.ts";
import { until } from "../../../helpers/until.ts";
import { programOf } from "../../conformance/program.ts";
import { JOIN_TOKEN, testEdge } from "../../helpers/edge.ts";

/** A relay whose machines a program makes: chosen by options, and all the way to known good and proven gone. */
test("makes a machine by a program and proves it gone", async () => {
  await using edge = await testEdge();
  await using folder = await temporaryFolder();
  await using program = await programOf();
  await joinNode({ url: edge.url, token: JOIN_TOKEN, dir: folder.path });
  const stop = new AbortController();
  const running = runRelay({ dir: folder.path, driver: "exec", program: program.path, signal: stop.signal });
  const [port, httpPort] = [await freePort(), await freePort()];
  const machine = { id: randomUUID(), name: "m-1", number: 1, port, httpPort, hostKey: null };
  const spec = {
    pool: "demo",
    shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
    image: "local",
    instanceType: "container" as const,
    adminSshKeys: [],
    readyCommand: "test -d /root",
    bootTimeoutSeconds: 600,
  };
  const created = await edge.result(edge.enqueue({ kind: "create", machine, spec }), 40);
  const access = { host: "127.0.0.1", port };
  expect(created).toMatchObject({ outcome: "created", driver: "exec", ...access, access });
  const gone = { id: machine.id, name: machine.name, driverRef: null };
  const deleted = await edge.result(edge.enqueue({ kind: "delete", machine: gone }), 20);
  expect(deleted, JSON.stringify(deleted)).toMatchObject({
    ...{ outcome: "deleted", receipt: { kind: "listed", storageProof: "volumes" } },
  });
  stop.abort(new Error("done"));
  await running;
});

test("--timeout is what the program may take, and how long the relay waits", async () => {
  await using folder = await temporaryFolder();
  const program = join(folder.path, "hangs");
  await writeFile(program, "#!/bin/sh\nsleep 60\n", { mode: 0o755 });
  const { driver } = chooseDriver(
    { driver: "exec", program, timeout: ["list=9s", "delete=20m", "list=1s"] },
    { installation: "test", node: "n1", dir: folder.path },
  );
  expect(driver.callSeconds).toMatchObject({ list: 11, delete: 1210, get: 40 });
  await expect(driver.list(new AbortController().signal)).rejects.toThrow(/did not exit within 1 s/);
});

test.each([
  [{ driver: "exec" }, "needs --program"],
  [
    { driver: "exec", program: "/x", pass: ["WARMPOOL_NOT_SET"] },
    "--pass WARMPOOL_NOT_SET: this environment variable is not set",
  ],
  [
    { driver: "exec", program: "/x", timeout: ["destroy=5m"] },
    "--timeout destroy=5m: must be COMMAND=DURATION such as create=25m, from 1s to 2h. The commands are create, ",
  ],
  [{ driver: "exec", program: "/x", timeout: ["create=3h"] }, "from 1s to 2h"],
  [{ driver: "exec", program: "/x", timeout: ["create=0s"] }, "from 1s to 2h"],
  [
    {},
    "--driver is missing: choose what creates the machines of this node. One of: incus; exec, with --program FILE",
  ],
  [{ driver: "vmware" }, "Unknown driver vmware; choose one of "],
])("%o is refused, with what to give", async (options, words) => {
  await using edge = await testEdge();
  await using folder = await temporaryFolder();
  await joinNode({ url: edge.url, token: JOIN_TOKEN, dir: folder.path });
  await expect(runRelay({ ...options, dir: folder.path })).rejects.toThrow(words);
});

test("a driver that is too slow to say its version does not keep the relay from serving", async () => {
  await using edge = await testEdge();
  await using folder = await temporaryFolder();
  const program = join(folder.path, "slow");
  await writeFile(program, "#!/bin/sh\n[ $1 != version ] || exec sleep 60\nexit 25\n", { mode: 0o755 });
  await joinNode({ url: edge.url, token: JOIN_TOKEN, dir: folder.path });
  const stop = new AbortController();
  const options = { driver: "exec" as const, program, timeout: ["version=1s"], dir: folder.path };
  const running = runRelay({ ...options, signal: stop.signal });
  await until("the session to be opened", () => edge.listings.length > 0 && edge.driverVersions[0]);
  expect(edge.driverVersions).toEqual(["unknown"]);
  stop.abort(new Error("done"));
  await running;
});
