import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { SetupOperation } from "../../src/contract/relay.ts";
import { localDriver } from "../../src/relay/drivers/local/driver.ts";
import { connect } from "../../src/relay/ssh/ssh.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { CREDENTIAL, JOIN_TOKEN, type Queued, type TestEdge, testEdge } from "./helpers/edge.ts";
import { freePort, testAtNight, testOnSystem as test } from "./helpers/node.ts";
import { setupOperation } from "./helpers/setup.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/warmpool.js", import.meta.url));
const never = new AbortController().signal;

type Home = AsyncDisposable & {
  dir: string;
  /** Starts the program; whatever still runs at the end is killed. */
  start(...args: string[]): ChildProcess & { said: Promise<string> };
};

/** A relay's folder, with everything that a relay made there gone at the end. */
async function home(): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), "warmpool-relay-"));
  const children: ChildProcess[] = [];
  return {
    dir,
    start(...args) {
      const env = { ...process.env, WARMPOOL_JOIN_TOKEN: JOIN_TOKEN };
      const child = spawn(process.execPath, [PROGRAM, "relay", ...args, "--dir", dir], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.push(child);
      return Object.assign(child, { said: text(child.stderr) });
    },
    async [Symbol.asyncDispose]() {
      for (const child of children.filter(
        ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
      )) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      const driver = localDriver({ root: join(dir, "machines"), installation: "test", node: "n1", hide: [] });
      for (const { name } of (await driver.list(never)).machines) {
        await driver.delete(name, deadline(15));
      }
      await rm(dir, { recursive: true });
    },
  };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

/** Has the relay make a machine, and gives it as later operations name it. */
async function createdMachine(edge: TestEdge): Promise<SetupOperation["machine"]> {
  const machine = {
    id: randomUUID(),
    name: "m-1",
    number: 4,
    port: await freePort(),
    httpPort: await freePort(),
    hostKey: null,
  };
  const operation = edge.enqueue({
    kind: "create",
    machine,
    spec: {
      pool: "demo",
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
      image: "local",
      instanceType: "container",
      adminSshKeys: [],
      bootTimeoutSeconds: 600,
    },
  });
  const result = await edge.result(operation);
  if (result.outcome !== "created") throw new Error(JSON.stringify(result));
  const [first] = operation.progress;
  if (first?.kind !== "create" || first.hostKey === undefined) throw new Error("no host key was told first");
  const { host, port, access } = result;
  return {
    id: machine.id,
    name: machine.name,
    host,
    port,
    access,
    httpPort: machine.httpPort,
    hostKey: first.hostKey,
  };
}

function enqueueSetup(edge: TestEdge, machine: SetupOperation["machine"], script: string): Queued {
  const { kind, assignment } = setupOperation(machine, [["a", script]]);
  return edge.enqueue({ kind, machine, assignment });
}

test("joins, makes a machine, probes it, sets it up, and proves it gone", async () => {
  await using edge = await testEdge();
  await using relay = await home();
  expect(await exitOf(relay.start("join", "--url", edge.url))).toBe(0);
  const running = relay.start("run", "--driver", "local");

  const machine = await createdMachine(edge);
  const probe = (): Queued =>
    edge.enqueue({
      kind: "probe",
      scope: "all",
      machines: [{ ...machine, state: "ready", healthCommand: "true" }],
      attempts: 2,
      attemptSeconds: 1,
    });
  expect(await edge.result(probe())).toMatchObject({
    listing: { complete: true, names: ["m-1"] },
    answers: [{ id: machine.id, answer: "alive", cause: null }],
  });
  const setup = enqueueSetup(edge, machine, "echo '::output url=here'");
  expect(await edge.result(setup)).toMatchObject({ outcome: "set_up", outputs: { url: "here" } });
  expect(setup.progress[0]).toEqual({ kind: "setup", loggedIn: true });
  const gone = edge.enqueue({ kind: "delete", machine: { id: machine.id, name: "m-1", driverRef: null } });
  expect(await edge.result(gone)).toMatchObject({ outcome: "deleted", receipt: { storageProof: "volumes" } });
  // An empty listing says nothing by itself: the machine is asked all the same.
  expect(await edge.result(probe())).toMatchObject({
    listing: { complete: true, names: [] },
    answers: [{ answer: "dead", cause: expect.stringContaining("connection refused") as string }],
  });

  running.kill("SIGTERM");
  expect(await exitOf(running)).toBe(0);
  expect(await readFile(join(relay.dir, "highest-machine"), "utf8")).toBe("4\n");
  const said = await running.said;
  expect(said).toContain("Finished kind=delete machine=m-1");
  expect(said).not.toMatch(new RegExp(`${CREDENTIAL}|${JOIN_TOKEN}|PRIVATE KEY`));
});

testAtNight.each(["SIGTERM", "SIGKILL"] as const)(
  "%s in mid set-up: the set-up goes on on its machine, and the next relay finishes it",
  async (signal) => {
    await using edge = await testEdge();
    await using relay = await home();
    await exitOf(relay.start("join", "--url", edge.url));
    const first = relay.start("run", "--driver", "local");
    const machine = await createdMachine(edge);
    const setup = enqueueSetup(
      edge,
      machine,
      "echo start >>/root/trace; until [ -f /root/go ]; do sleep 0.05; done; echo end >>/root/trace",
    );
    await until("the step", () =>
      setup.progress.some((told) => told.kind === "setup" && told.step?.step === 2),
    );
    first.kill(signal);
    expect(await exitOf(first)).toBe(signal === "SIGTERM" ? 0 : null);

    const key = await readFile(join(relay.dir, "id_ed25519"), "utf8");
    using connection = await connect(machine, key, { timeoutSeconds: 60, signal: never });
    await connection.exec("touch /root/go", { timeoutSeconds: 60, signal: never });
    relay.start("run", "--driver", "local");
    expect(await edge.result(setup)).toMatchObject({ outcome: "set_up" });
    expect(setup.attempt).toBe(2);
    const trace = await connection.exec("cat /root/trace", { timeoutSeconds: 60, signal: never });
    expect(trace.stdout.toString()).toBe("start\nend\n");
    expect(edge.listings.at(-1)).toMatchObject({ complete: true, names: ["m-1"] });
  },
);

test("a relay that another one takes over from ends with 1 and says why", async () => {
  await using edge = await testEdge();
  await using relay = await home();
  await exitOf(relay.start("join", "--url", edge.url));
  const older = relay.start("run", "--driver", "local");
  await until("the older one to serve", () => edge.listings.length === 1);
  relay.start("run", "--driver", "local");
  expect(await exitOf(older)).toBe(1);
  expect(await older.said).toContain("A newer relay has taken over this node.");
});

test("wrong use ends with 2, a folder that never joined with 1, both with what to do", async () => {
  await using relay = await home();
  const wrong = relay.start("dance");
  expect(await exitOf(wrong)).toBe(2);
  expect(await wrong.said).toContain("unknown command 'dance'");
  const homeless = relay.start("run", "--driver", "local");
  expect(await exitOf(homeless)).toBe(1);
  expect(await homeless.said).toMatch(/has not joined\. `npx warmpool node enroll NAME`/);
});
