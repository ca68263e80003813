import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "vitest";
import type { MachineTarget } from "../../../src/contract/relay.ts";
import { type Clock, systemClock } from "../../../src/relay/time/clock.ts";
import type { Driver } from "../../../src/relay/driver.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";
import type { Tools } from "../../../src/relay/tools.ts";
import { makeHostKey, makeKeyPair, type SshKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { HighestNumber } from "../../../src/relay/session/identity.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import type { ExecResult } from "../../../src/relay/ssh/sshConnection.ts";
import { SshPool } from "../../../src/relay/ssh/sshPool.ts";
import { isNight } from "../../helpers/nightly.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { quiet } from "./quiet.ts";

quiet();

/** For what only a machine with a root of its own can show: without root the local driver has none. */
export const testOnSystem = test.runIf(process.geteuid?.() === 0);
/** What of it shows again, in another case, what a test of the day shows. */
export const testAtNight = test.runIf(process.geteuid?.() === 0 && isNight);

/** A machine that runs, reachable with the node's key under its pinned host key. */
export type TestMachine = MachineTarget & { httpPort: number; access: { host: string; port: number } };

/** A node with real machines of the local driver in a folder of its own; all of it is gone at the end. */
export type TestNode = AsyncDisposable & {
  dir: string;
  driver: Driver;
  key: SshKeyPair;
  tools: Tools;
  machine(authorizedKeys?: string[]): Promise<TestMachine>;
  /** Runs a command as root on a machine. */
  exec(machine: MachineTarget, command: string): Promise<ExecResult>;
  /** What it prints, without the last newline. */
  read(machine: MachineTarget, command: string): Promise<string>;
};

const never = new AbortController().signal;

/** `given` is a driver of the caller's instead of one of its own, `clock` what its tools measure time by. */
export async function testNode(given?: Driver, clock: Clock = systemClock): Promise<TestNode> {
  const dir = await mkdtemp(join(tmpdir(), "warmpool-node-"));
  const options = { root: join(dir, "machines"), installation: randomUUID(), node: "n1", hide: [] };
  const driver = given ?? localDriver(options);
  const key = makeKeyPair("relay");
  const connections = new SshPool(key.privateKey);
  const tools: Tools = { driver, key, connections, clock, highest: await HighestNumber.load(dir) };
  const exec = async (machine: MachineTarget, command: string): Promise<ExecResult> => {
    using connection = await connect(machine, key.privateKey, { timeoutSeconds: 60, signal: never });
    return await connection.exec(command, { timeoutSeconds: 60, signal: never });
  };
  return {
    dir,
    driver,
    key,
    tools,
    exec,
    async read(machine, command) {
      const { code, stdout, stderr } = await exec(machine, command);
      if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr.toString()}`);
      return stdout.toString().trimEnd();
    },
    async machine(authorizedKeys = []) {
      const name = `m-${randomUUID().slice(0, 8)}`;
      const { pair, pinned } = makeHostKey(name);
      const [port, httpPort] = [await freePort(), await freePort()];
      const made = await driver.create(
        {
          name,
          shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
          image: "local",
          instanceType: "container",
          authorizedKeys: [key.publicKey, ...authorizedKeys],
          hostKey: pair,
          port,
          httpPort,
        },
        deadline(15),
      );
      const machine = { id: randomUUID(), name, ...made.ssh, hostKey: pinned, httpPort, access: made.access };
      await until(`${name} to answer`, async () => (await exec(machine, "true")).code === 0);
      return machine;
    },
    async [Symbol.asyncDispose]() {
      connections[Symbol.dispose]();
      const { machines } = await driver.list(never);
      for (const { name } of machines) await driver.delete(name, deadline(15));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A loopback port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
