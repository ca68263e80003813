import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type MachineView, type WarmpoolClient } from "../../../src/client/index.ts";
import type { Db } from "../../../src/db/client.ts";
import type { Driver } from "../../../src/relay/driver.ts";
import { incusDriver } from "../../../src/relay/drivers/incus/driver.ts";
import { INSTALLED } from "../../../src/relay/drivers/incus/place.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";
import { loadIdentity } from "../../../src/relay/identity.ts";
import { joinNode } from "../../../src/relay/main.ts";
import { connect, type SshTarget } from "../../../src/relay/ssh.ts";
import { ADMIN_TOKEN, startEdge } from "../../api/edges.ts";
import { testDb } from "../../helpers/db.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { until } from "../../helpers/until.ts";
import { script } from "../drivers/exec/script.ts";

/**
 * All of Warmpool for one test: the API on a database of its own, and a relay that is a process and can be killed. The
 * machines are real ones, on this host, and gone at the end.
 */
export type System = AsyncDisposable & {
  db: Db;
  client: WarmpoolClient;
  /** The node's driver, for what happens to machines behind the relay's back. */
  driver: Driver;
  startRelay(): void;
  /** Ends it without a word, and returns when it is gone. */
  killRelay(): Promise<void>;
  /** What its relays have logged so far. */
  relayLog(): Promise<string>;
  /** Waits until so many machines are ready, and gives them. */
  ready(count: number, seconds?: number): Promise<MachineView[]>;
  /** What a command of root's prints on that machine, without the last newline. */
  read(target: SshTarget, command: string): Promise<string>;
};

export type SystemOptions = {
  driver: "local" | "incus";
  /** The relay dials machines on their port of 127.0.0.2, where the test has a proxy. */
  detour?: boolean;
};

const NODE = "n1";
const RELAY = fileURLToPath(new URL("../../../src/relay/main.ts", import.meta.url));
const DETOUR = fileURLToPath(new URL("./detourProgram.ts", import.meta.url));
const DELETE_SECONDS = 60;

/** Edge, node and driver are there, and nothing else: the test puts its recipe and pool, and starts the relay. */
export async function system(options: SystemOptions): Promise<System> {
  const ends: (() => PromiseLike<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.toReversed()) await one();
  };
  try {
    return { ...(await start(options, ends)), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Puts into `ends` how each thing that was started ends, in the order of their starts. */
async function start(
  options: SystemOptions,
  ends: (() => PromiseLike<unknown>)[],
): Promise<Omit<System, keyof AsyncDisposable>> {
  const own = <T extends AsyncDisposable>(resource: T): T => {
    ends.push(() => resource[Symbol.asyncDispose]());
    return resource;
  };
  const folder = own(await temporaryFolder());
  const database = own(await testDb());
  const edge = own(await startEdge("node", database.url));
  const client = createClient({ url: edge.url, token: ADMIN_TOKEN });
  const dir = join(folder.path, "relay");
  const { joinToken } = await client.node.enroll.mutate({ name: NODE });
  await joinNode({ url: edge.url, token: joinToken, dir });
  const owner = { installation: (await loadIdentity(dir)).installation, node: NODE };
  const root = join(folder.path, "machines");
  const driver =
    options.driver === "incus"
      ? incusDriver({ ...INSTALLED, ...owner })
      : localDriver({ ...owner, root, hide: [dir] });
  ends.push(() => deleteAll(driver));
  const program = own(await script(`exec '${process.execPath}' '${DETOUR}' "$@"`));
  const relay = own(
    relayProcess(join(folder.path, "relay.log"), {
      args: ["run", "--dir", dir, ...argumentsOf(options, root, program.path)],
      env: { WARMPOOL_TEST_DRIVER: options.driver, WARMPOOL_TEST_MACHINES: root },
    }),
  );

  const read = async (target: SshTarget, command: string): Promise<string> => {
    const key = await readFile(join(dir, "id_ed25519"), "utf8");
    const signal = AbortSignal.timeout(20_000);
    using connection = await connect(target, key, { timeoutSeconds: 5, signal });
    const { code, stdout, stderr } = await connection.exec(command, { timeoutSeconds: 10, signal });
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr.toString()}`);
    return stdout.toString().trimEnd();
  };
  return {
    db: database.db,
    client,
    driver,
    startRelay: relay.start,
    killRelay: relay.kill,
    relayLog: relay.log,
    read,
    ready: (count, seconds = 90) =>
      until(
        `${count} machines to be ready`,
        async () => {
          const { items } = await client.machine.list.query({ state: "ready" });
          return items.length === count && items;
        },
        { seconds, everyMs: 100 },
      ),
  };
}

function argumentsOf({ driver, detour = false }: SystemOptions, root: string, program: string): string[] {
  if (detour) {
    const pass = ["--pass", "WARMPOOL_TEST_DRIVER", "--pass", "WARMPOOL_TEST_MACHINES"];
    return ["--driver", "exec", "--program", program, ...pass];
  }
  return driver === "incus" ? ["--driver", "incus"] : ["--driver", "local", "--machines", root];
}

function relayProcess(logFile: string, { args, env }: { args: string[]; env: Record<string, string> }) {
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return {
    start: () => {
      const log = openSync(logFile, "a");
      child = spawn(process.execPath, [RELAY, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", log, log],
      });
      closeSync(log);
    },
    kill,
    log: () => readFile(logFile, "utf8"),
    [Symbol.asyncDispose]: kill,
  };
}

async function deleteAll(driver: Driver): Promise<void> {
  const signal = () => AbortSignal.timeout(DELETE_SECONDS * 1000);
  for (const { name } of (await driver.list(signal())).machines) await driver.delete(name, signal());
}
