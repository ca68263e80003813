import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CreateOperation } from "../../src/contract/relay.ts";
import { joinNode, runRelay } from "../../src/relay/main.ts";
import { until } from "../helpers/until.ts";
import { CREDENTIAL, JOIN_TOKEN, testEdge } from "./helpers/edge.ts";
import { freePort } from "./helpers/node.ts";
import { randomUUID } from "node:crypto";
import { setupOperation } from "./helpers/setup.ts";

async function createOf(
  name: string,
  number = 1,
): Promise<Omit<CreateOperation, "id" | "token" | "attempt">> {
  return {
    kind: "create",
    machine: {
      id: randomUUID(),
      name,
      number,
      port: await freePort(),
      httpPort: await freePort(),
      hostKey: null,
    },
    spec: {
      pool: "demo",
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
      image: "local",
      instanceType: "container",
      adminSshKeys: [],
      bootTimeoutSeconds: 20,
    },
  };
}

test("whole", async () => {
  await using edge = await testEdge();
  const dir = await mkdtemp(join(tmpdir(), "warmpool-relay-"));
  await joinNode({ url: edge.url, token: JOIN_TOKEN, dir });
  const stop = new AbortController();
  const running = runRelay({ dir, signal: stop.signal });
  const c = edge.enqueue(await createOf("m-1"));
  const created = await edge.result(c);
  console.log(created, c.progress);
  if (created.outcome !== "created" || c.body.kind !== "create") throw new Error("no");
  const key = c.progress
    .map((p) => (p.kind === "create" ? p.hostKey : undefined))
    .find((k) => k !== undefined)!;
  const machine = {
    id: c.body.machine.id,
    name: "m-1",
    host: created.host,
    port: created.port,
    hostKey: key,
    httpPort: c.body.machine.httpPort,
    access: created.access,
  };
  const probe = () =>
    edge.enqueue({
      kind: "probe",
      machines: [{ ...machine, state: "ready", healthCommand: null }],
      attempts: 3,
      attemptSeconds: 4,
    });
  console.log(JSON.stringify(await edge.result(probe())));
  const {
    id: _i,
    token: _t,
    attempt: _a,
    ...setup
  } = setupOperation(machine, [["a", "echo hi; sleep 1.2; echo ::output url=u"]]);
  const t0 = performance.now();
  const s = edge.enqueue(setup);
  console.log(await edge.result(s), performance.now() - t0, JSON.stringify(s.progress));
  const d = edge.enqueue({ kind: "delete", machine: { id: machine.id, name: "m-1", driverRef: null } });
  console.log(await edge.result(d));
  console.log(JSON.stringify(await edge.result(probe())));
  const t1 = performance.now();
  stop.abort();
  await running;
  console.log("stopped in", performance.now() - t1, edge.inventories);
  await rm(dir, { recursive: true });
});
