import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { localDriver } from "../../../../src/relay/drivers/local/driver.ts";
import { makeHostKey } from "../../../../src/relay/ssh/hostKey.ts";
import type { MachineData } from "./deployments.ts";
import type { Hypervisor } from "./node.ts";
import { ADDRESS, Route } from "./overlay.ts";

/**
 * Machines of the driver `local` as the machines of a node: small systems that really answer over SSH. What an image of
 * the grid does at its first boot is done here: it makes a host key, takes its logins from SSH_KEY, and its sshd uses
 * the key that stands in /etc/ssh.
 */
const LOOK_MS = 100;

export function localMachines(root: string, routeMs: number): Hypervisor & AsyncDisposable {
  // Machines are found by whose they are, wherever they are: two simulators must not see each other's.
  const driver = localDriver({ root, installation: `grid-${randomUUID()}`, node: "simulated", hide: [] });
  const running = new Map<number, { route: Route; watch: NodeJS.Timeout }>();
  const signal = () => AbortSignal.timeout(120_000);
  const nameOf = (contract: number) => `vm-${contract}`;
  /** What is done to one machine is done one after the other. */
  const turns = new Map<number, Promise<unknown>>();
  const inTurn = <T>(contract: number, act: () => Promise<T>): Promise<T> => {
    const next = (turns.get(contract) ?? Promise.resolve()).catch(() => undefined).then(act);
    turns.set(contract, next);
    return next;
  };

  /** An sshd that starts again with the key that it finds, if that is another one than before. */
  async function followHostKey(contract: number): Promise<void> {
    const folder = join(root, nameOf(contract));
    const used = join(folder, "keys/host_key");
    const installed = await readFile(join(folder, "upper/etc/ssh/ssh_host_ed25519_key"), "utf8").catch(
      () => null,
    );
    if (installed === null || installed === (await readFile(used, "utf8"))) return;
    await writeFile(used, installed);
    await driver.stop(nameOf(contract), signal());
    await driver.start(nameOf(contract), signal());
  }

  async function up(contract: number, port: number): Promise<void> {
    const route = new Route(port, routeMs);
    await route.open(port);
    const watch = setInterval(() => {
      // It may be on its way out.
      inTurn(contract, async () => {
        if (running.has(contract)) await followHostKey(contract);
      }).catch(() => undefined);
    }, LOOK_MS);
    running.set(contract, { route, watch });
  }

  async function down(contract: number): Promise<void> {
    const one = running.get(contract);
    running.delete(contract);
    clearInterval(one?.watch);
    await one?.route.close();
  }

  const portOf = async (contract: number): Promise<number> => {
    const found = await driver.get(nameOf(contract), signal());
    if (found === null) throw new Error(`there is no machine under contract ${contract}`);
    return found.ssh.port;
  };

  return {
    boot: (contract: number, { env, compute_capacity: { cpu, memory }, size }: MachineData) =>
      inTurn(contract, async () => {
        const port = Number(env.SSH_PORT ?? 22);
        await driver.create(
          {
            name: nameOf(contract),
            shape: { vcpus: cpu, memoryMib: memory / 2 ** 20, diskGib: Math.ceil(size / 2 ** 30) },
            image: "local",
            instanceType: "container",
            authorizedKeys: env.SSH_KEY.split("\n"),
            hostKey: makeHostKey(nameOf(contract)).pair,
            port,
            httpPort: await freePort(),
          },
          signal(),
        );
        await up(contract, port);
        return ADDRESS;
      }),
    stop: (contract) =>
      inTurn(contract, async () => {
        await down(contract);
        await driver.stop(nameOf(contract), signal());
      }),
    start: (contract) =>
      inTurn(contract, async () => {
        await driver.start(nameOf(contract), signal());
        if (!running.has(contract)) await up(contract, await portOf(contract));
      }),
    destroy: (contract) =>
      inTurn(contract, async () => {
        await down(contract);
        await driver.delete(nameOf(contract), signal());
      }),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(turns.values());
      for (const contract of running.keys()) await down(contract);
      for (const { name } of (await driver.list(signal())).machines) await driver.delete(name, signal());
    },
  };
}

/** For what a tester opens in a browser, to which no address of the grid leads. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
