import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import type { ProbeOperation } from "../../../src/contract/relay.ts";
import type { Driver } from "../../../src/relay/driver.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { probeMachines } from "../../../src/relay/operations/probe.ts";
import { SshPool } from "../../../src/relay/ssh/sshPool.ts";
import { hastyClock } from "../../helpers/testClock.ts";
import { TestLease } from "../helpers/lease.ts";
import { freePort, type TestMachine, type TestNode, testNode } from "../helpers/node.ts";
import type { Input } from "../helpers/probeWithoutFiles.ts";
import { proxyTo } from "../helpers/proxy.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";

type Asked = ProbeOperation["machines"][number];
type Probed = Extract<OperationResult, { outcome: "probed" }>;

const askFor = (
  { id, name, host, port, hostKey }: TestMachine,
  healthCommand: string | null = null,
): Asked => ({
  id,
  name,
  host,
  port,
  hostKey,
  state: "ready",
  healthCommand,
});

/** Its pauses between attempts take no time. */
async function probe(
  node: TestNode,
  machines: Asked[],
  driver: Driver = node.driver,
  attemptSeconds = 30,
): Promise<Probed> {
  const operation: ProbeOperation = {
    kind: "probe",
    scope: "all",
    id: randomUUID(),
    token: 1,
    attempt: 1,
    machines,
    attempts: 2,
    attemptSeconds,
  };
  return (await probeMachines(operation, new TestLease(), {
    ...node.tools,
    driver,
    clock: hastyClock(),
  })) as Probed;
}

/** A node that lists its machines and does not know where they are. */
const addressless = ({ driver }: TestNode): Driver => ({
  ...driver,
  list: async (signal) => {
    const listing = await driver.list(signal);
    return { ...listing, machines: listing.machines.map((machine) => ({ ...machine, state: "unknown" })) };
  },
});

test("a machine that answers is alive, over one connection from probe to probe", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  await using proxy = await proxyTo(machine.port);
  const asked = askFor({ ...machine, port: proxy.port }, "true");
  for (let round = 0; round < 3; round += 1) {
    const { answers, listing } = await probe(node, [asked]);
    expect(answers).toEqual([{ id: machine.id, answer: "alive", cause: null }]);
    expect(listing).toMatchObject({ complete: true, names: [machine.name] });
  }
  expect(proxy.taken).toBe(1);
  // A connection that broke in between is no dead machine.
  proxy.cut();
  expect((await probe(node, [asked])).answers).toMatchObject([{ answer: "alive" }]);
  expect(proxy.taken).toBe(2);
});

test("dead machines say why", async () => {
  await using node = await testNode();
  const [sick, changed] = [await node.machine(), await node.machine()];
  const asked = [
    askFor(sick, "echo the disk is full; exit 3"),
    askFor({ ...sick, id: randomUUID(), port: await freePort() }),
    askFor({ ...changed, hostKey: makeHostKey("expected").pinned }),
  ];
  const { answers } = await probe(node, asked, addressless(node));
  const causes = Object.fromEntries(answers.map(({ id, cause }) => [id, cause]));
  expect(answers.map(({ answer }) => answer)).toEqual(["dead", "dead", "dead"]);
  expect(causes[sick.id]).toBe("health command exited with 3: the disk is full");
  expect(causes[changed.id]).toMatch(/^host key changed: .*presented SHA256:/);
  expect(Object.values(causes)).toContainEqual(expect.stringContaining("connection refused"));
});

test("machines that say nothing are dead after their time, and all are asked at the same time", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  let [open, most] = [0, 0];
  const silent = createServer((socket) => {
    most = Math.max(most, (open += 1));
    socket.on("error", () => undefined);
    socket.on("close", () => (open -= 1));
    socket.resume();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
  try {
    const asked = [1, 2, 3].map(() => askFor({ ...machine, id: randomUUID(), port }));
    // On a busy host the relay says that it could not ask.
    const answers = await until("a host with time to ask", async () => {
      const { answers: seen } = await probe(node, asked, addressless(node), 0.5);
      return seen.some(({ answer }) => answer === "unknown") ? null : seen;
    });
    expect(answers.map(({ answer }) => answer)).toEqual(["dead", "dead", "dead"]);
    for (const { cause } of answers) expect(cause).toContain("no answer in 0.5 s");
    expect(most).toBeGreaterThanOrEqual(3);
  } finally {
    silent.close();
  }
});

test("a machine that does not take the relay's key is dead", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  using connections = new SshPool(makeKeyPair("another").privateKey);
  const tools = { ...node.tools, connections };
  const { answers } = await probe({ ...node, tools }, [askFor(machine)]);
  expect(answers).toMatchObject([
    { answer: "dead", cause: expect.stringContaining("does not accept") as string },
  ]);
});

test("a machine whose address has changed is found where the node lists it, under its pinned key", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const place = { host: machine.host, port: machine.port };
  const moved = { ssh: place, access: place };
  const { answers } = await probe(node, [askFor({ ...machine, port: await freePort() })]);
  expect(answers).toEqual([{ id: machine.id, answer: "alive", cause: null, moved }]);
});

test("R7 another machine at its old address says whose key it has, and one that is found elsewhere is alive", async () => {
  await using node = await testNode();
  const [machine, sibling] = [await node.machine(), await node.machine()];
  const asked = askFor({ ...machine, port: sibling.port });
  expect((await probe(node, [asked])).answers).toMatchObject([{ answer: "alive", moved: {} }]);
  expect((await probe(node, [asked], addressless(node))).answers).toMatchObject([
    { answer: "dead", presented: sibling.hostKey.fingerprint },
  ]);
});

test("absence from a complete listing outranks whatever answers; R8 an empty or truncated one says nothing", async () => {
  await using node = await testNode();
  const [machine, other] = [await node.machine(), await node.machine()];
  const { machines: all } = await node.driver.list(new AbortController().signal);
  const listing = (complete: boolean, machines: typeof all): Driver => ({
    ...node.driver,
    list: async () => ({ complete, machines, storageProof: "volumes" }),
  });
  const others = all.filter(({ name }) => name === other.name);
  const answers = async (driver: Driver) => (await probe(node, [askFor(machine)], driver)).answers;
  expect(await answers(listing(true, others))).toEqual([
    { id: machine.id, answer: "dead", cause: "not in the node's listing" },
  ]);
  expect(await answers(listing(false, others))).toMatchObject([{ answer: "alive" }]);
  expect(await answers(listing(true, []))).toMatchObject([{ answer: "alive" }]);
});

test("a driver that cannot list leaves the listing out and asks the machines all the same", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const driver: Driver = { ...node.driver, list: () => Promise.reject(new Error("the socket is gone")) };
  expect(await probe(node, [askFor(machine)], driver)).toMatchObject({
    listing: null,
    answers: [{ answer: "alive" }],
  });
});

test("a relay that is out of file descriptors says unknown, not dead", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const program = fileURLToPath(new URL("../helpers/probeWithoutFiles.ts", import.meta.url));
  const child = spawn("sh", ["-c", `ulimit -n 60; exec "$0" "$@"`, process.execPath, program], {
    stdio: ["pipe", "pipe", "inherit"],
    signal: deadline(30),
  });
  const input: Input = { root: node.dir, privateKey: node.key.privateKey, machines: [askFor(machine)] };
  child.stdin.end(`${JSON.stringify(input)}\n`);
  const [without, withFiles] = JSON.parse(await text(child.stdout)) as Probed[];
  expect(without).toMatchObject({
    listing: null,
    answers: [
      {
        answer: "unknown",
        cause: expect.stringContaining("this relay could not connect (EMFILE)") as string,
      },
    ],
  });
  expect(withFiles).toMatchObject({ listing: { complete: true }, answers: [{ answer: "alive" }] });
});
