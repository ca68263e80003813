import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { joinNode, runRelay } from "../../../../src/relay/main.ts";
import { freePort } from "../../../../src/relay/conformance/ports.ts";
import { temporaryFolder } from "../../../helpers/temporaryFolder.ts";
import { programOf } from "../../conformance/program.ts";
import { JOIN_TOKEN, testEdge } from "../../helpers/edge.ts";

/** A relay whose machines a program makes: chosen by options, and all the way to known good and proven gone. */
test("makes a machine by a program and proves it gone", { timeout: 60_000 }, async () => {
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
    bootTimeoutSeconds: 30,
  };
  const created = await edge.result(edge.enqueue({ kind: "create", machine, spec }), 40);
  const access = { host: "127.0.0.1", port };
  expect(created).toMatchObject({ outcome: "created", driver: "exec", ...access, access });
  const gone = { id: machine.id, name: machine.name, driverRef: null };
  const deleted = await edge.result(edge.enqueue({ kind: "delete", machine: gone }), 20);
  expect(deleted).toMatchObject({ outcome: "deleted", receipt: { kind: "listed", storageProof: "volumes" } });
  stop.abort(new Error("done"));
  await running;
});

test.each([
  [{ driver: "exec" }, "needs --program"],
  [
    { driver: "exec", program: "/x", pass: ["WARMPOOL_NOT_SET"] },
    "--pass WARMPOOL_NOT_SET: there is no such",
  ],
  [{ driver: "vmware" }, "There is no driver vmware; there are "],
])("%o is refused, with what to give", async (options, words) => {
  await using edge = await testEdge();
  await using folder = await temporaryFolder();
  await joinNode({ url: edge.url, token: JOIN_TOKEN, dir: folder.path });
  await expect(runRelay({ ...options, dir: folder.path })).rejects.toThrow(words);
});
