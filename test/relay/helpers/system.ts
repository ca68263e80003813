import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { createClient, type MachineView, type WarmpoolClient } from "../../../src/client/index.ts";
import type { Db } from "../../../src/db/client.ts";
import type { Driver } from "../../../src/relay/driver.ts";
import { incusDriver } from "../../../src/relay/drivers/incus/driver.ts";
import { INSTALLED } from "../../../src/relay/drivers/incus/place.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";
import { loadIdentity } from "../../../src/relay/session/identity.ts";
import { joinNode } from "../../../src/relay/main.ts";
import { connect, type SshTarget } from "../../../src/relay/ssh/ssh.ts";
import { readProcess } from "../../../src/stack/processes.ts";
import { endAllOf } from "../../../scripts/leash/belonging.ts";
import { ADMIN_TOKEN, startEdge } from "../../api/edges.ts";
import { testDb } from "../../helpers/db.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { script } from "../drivers/exec/script.ts";
import { type Frozen, relayProcess } from "./relayProcess.ts";

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
  /** Starts one with a copy of the relay's folder, as another host would have it that was given the node. */
  startRelayElsewhere(): Promise<void>;
  /** Ends the latest one without a word, and returns when it is gone. */
  killRelay(): Promise<void>;
  /** Stops the latest one in the middle of whatever it does. */
  freezeRelay(): Frozen;
  /**
   * The next call of the driver program with this command stops, and the relay that made it with it, before anything
   * has happened. Resolves when they stand still.
   */
  holdAt(command: string): Promise<HeldCall>;
  /** Makes the file of that name in the program's folder, or removes it: what `broken` looks for. */
  fault(name: string, stands: boolean): Promise<void>;
  /** What its relays have logged so far. */
  relayLog(): Promise<string>;
  /** Waits until so many machines are ready, and gives them. */
  ready(count: number, seconds?: number): Promise<MachineView[]>;
  /** What a command of root's prints on that machine, without the last newline. */
  read(target: SshTarget, command: string): Promise<string>;
};

/** A driver call that stands still, with the relay that made it. */
export type HeldCall = Frozen & {
  /** Lets the call alone go on, and waits until it has ended: its effect comes late. */
  finish(): Promise<void>;
};

export type SystemOptions = {
  driver: "local" | "incus";
  /** The relay dials machines on their port of 127.0.0.2, where the test has a proxy. */
  detour?: boolean;
  /** The relay asks its driver by way of a program, which `holdAt` can stop. A detour does so too. */
  program?: boolean;
  /** Shell in front of that program: it sees the command as `$1`, its own folder as `$folder`, and calls `real`. */
  broken?: string;
  /** What a call of the program may take, such as `delete=1s`. */
  timeouts?: string[];
  /** The folder of local machines, where several systems share one host's. */
  machines?: string;
};

const NODE = "n1";
const DELETE_SECONDS = 60;
const programText = (detour: string) => `if [ -f "$folder/hold-$1" ]; then
  rm "$folder/hold-$1"
  # A program without its input does nothing, and one that stands still sends none.
  input=$(cat)
  echo $$ >"$folder/held-$1"
  kill -s STOP "$PPID"
  kill -s STOP $$
  printf '%s' "$input" | '${process.execPath}' '${detour}' "$@"
  exit
fi
exec '${process.execPath}' '${detour}' "$@"`;

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
  // A relay that is killed leaves the call of its driver program, which would make the folder anew.
  ends.push(() => endAllOf(folder.path));
  const database = own(await testDb());
  const edge = own(await startEdge("node", database.url));
  const client = createClient({ url: edge.url, token: ADMIN_TOKEN });
  const dir = join(folder.path, "relay");
  const { joinToken } = await client.node.enroll.mutate({ name: NODE });
  await joinNode({ url: edge.url, token: joinToken, dir });
  const owner = { installation: (await loadIdentity(dir)).installation, node: NODE };
  const root = options.machines ?? join(folder.path, "machines");
  const driver =
    options.driver === "incus"
      ? incusDriver({ ...INSTALLED, ...owner })
      : localDriver({ ...owner, root, hide: [dir] });
  ends.push(() => deleteAll(driver));
  const { detour } = inject("programs");
  const real = `real() { '${process.execPath}' '${detour}' "$@"; }`;
  const program = own(await script([real, options.broken ?? "", programText(detour)].join("\n")));
  const relay = own(
    relayProcess(join(folder.path, "relay.log"), {
      args: argumentsOf(options, root, program.path),
      env: {
        WARMPOOL_TEST_DRIVER: options.driver,
        WARMPOOL_TEST_MACHINES: root,
        WARMPOOL_TEST_DETOUR: options.detour === true ? "1" : "",
      },
    }),
  );

  const read = async (target: SshTarget, command: string): Promise<string> => {
    const key = await readFile(join(dir, "id_ed25519"), "utf8");
    const signal = deadline(60);
    using connection = await connect(target, key, { timeoutSeconds: 60, signal });
    const { code, stdout, stderr } = await connection.exec(command, { timeoutSeconds: 60, signal });
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr.toString()}`);
    return stdout.toString().trimEnd();
  };
  return {
    db: database.db,
    client,
    driver,
    startRelay: () => relay.start(dir),
    startRelayElsewhere: async () => {
      const copy = join(folder.path, "relay-elsewhere");
      await cp(dir, copy, { recursive: true, filter: (path) => !path.endsWith("/process") });
      relay.start(copy);
    },
    killRelay: relay.kill,
    freezeRelay: relay.freeze,
    holdAt: async (command) => {
      const frozen = relay.latest();
      await writeFile(join(program.folder, `hold-${command}`), "");
      const pid = await until(`a ${command} to be held`, async () => {
        const held = Number(await readFile(join(program.folder, `held-${command}`), "utf8"));
        return readProcess(held)?.state === "T" && frozen.stands() && held;
      });
      return {
        ...frozen,
        finish: async () => {
          process.kill(pid, "SIGCONT");
          await until("the call to end", () => !["R", "S", "D", "T"].includes(readProcess(pid)?.state ?? ""));
        },
      };
    },
    fault: async (name, stands) => {
      const file = join(program.folder, name);
      await (stands ? writeFile(file, "") : rm(file));
    },
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

function argumentsOf(
  {
    driver,
    broken,
    detour = false,
    program: byProgram = detour || broken !== undefined,
    timeouts = [],
  }: SystemOptions,
  root: string,
  program: string,
): string[] {
  if (byProgram) {
    const names = ["WARMPOOL_TEST_DRIVER", "WARMPOOL_TEST_MACHINES", "WARMPOOL_TEST_DETOUR"];
    return [
      ...["--driver", "exec", "--program", program],
      ...names.flatMap((name) => ["--pass", name]),
      ...timeouts.flatMap((timeout) => ["--timeout", timeout]),
    ];
  }
  return driver === "incus" ? ["--driver", "incus"] : ["--driver", "local", "--machines", root];
}

/** What a test's end leaves nothing behind with. */
export async function deleteAll(driver: Driver): Promise<void> {
  const signal = () => deadline(DELETE_SECONDS);
  for (const { name } of (await driver.list(signal())).machines) await driver.delete(name, signal());
}
