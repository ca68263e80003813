import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Driver } from "../../harness/options.ts";
import { freePort } from "../../harness/part.ts";
import { CHECKOUT, run } from "../../harness/program.ts";
import { type Rpc, rpc } from "../../harness/rpc.ts";
import type { Stack } from "../../harness/stack.ts";
import { deadline } from "../../../test/helpers/patience.ts";
import { until } from "../../../test/helpers/until.ts";
import { type Command, Keeper } from "./keeper.ts";
import { Link } from "./link.ts";
import { MachineLinks } from "./machineLinks.ts";
import { MoodServer } from "./mood.ts";

/**
 * A second edge and a second node beside those of `npm start`, with a way that can fail between every two parts:
 * relay and edge, edge and Postgres, relay and machine. The node's driver is a program that does as it is told, and
 * its relay's wall clock can be set.
 */
export type FarSite = {
  edge: Keeper;
  relay: Keeper;
  api: Rpc;
  links: { relayToEdge: Link; edgeToDatabase: Link; machines: MachineLinks };
  driver: MoodServer;
  /** How many seconds the relay's wall clock is off. */
  setClock(seconds: number): Promise<void>;
  /** For how many seconds at a time the relay's thread is busy. */
  setBusy(seconds: number): Promise<void>;
  stop(): Promise<void>;
};

const NODE = "far";
const SWEEP_SECONDS = 7;
const ANSWER_SECONDS = 30;
/** Testers, and the driver `local`, are at 127.0.0.1; the relay is sent to this address. */
export const DETOUR = "127.0.0.2";
/** What the driver program sees of the relay's environment. */
const PASSED = [
  "WARMPOOL_CHAOS_MOOD",
  "WARMPOOL_TEST_DRIVER",
  "WARMPOOL_TEST_MACHINES",
  "WARMPOOL_TEST_DETOUR",
];
const TIMEOUTS = ["create=60s", "delete=30s", "stop=30s", "get=15s", "list=15s", "capacity=15s"];

/** `folder` is for logs and the relay, `machines` for the machines of the driver `local`. */
export type FarPlace = {
  stack: Pick<Stack, "local" | "admin">;
  driver: Driver;
  folder: string;
  machines: string;
};

/** @throws Error if the edge does not answer within `seconds` or the node cannot join; nothing is left running then */
export async function openFarSite(place: FarPlace, seconds = ANSWER_SECONDS): Promise<FarSite> {
  const ends: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await open(place, seconds, ends)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Adds to `ends` a function for everything that it starts, in that order. */
async function open(
  { stack, driver, folder, machines }: FarPlace,
  seconds: number,
  ends: (() => Promise<void>)[],
): Promise<Omit<FarSite, "stop">> {
  const listen = async (port: number): Promise<Link> => {
    const link = await Link.listen({ host: "127.0.0.1", port });
    ends.push(() => link.close());
    return link;
  };
  const keep = (command: Command): Keeper => {
    const keeper = new Keeper(command);
    ends.push(() => keeper.stop());
    return keeper;
  };
  const { databaseUrl, adminToken, appToken, secretKey } = stack.local();
  const database = new URL(databaseUrl);
  const edgeToDatabase = await listen(Number(database.port));
  database.port = String(edgeToDatabase.port);
  const port = await freePort();
  const edge = keep({
    args: ["bin/run.js", "src/server.ts"],
    env: {
      DATABASE_URL: database.href,
      PORT: String(port),
      WARMPOOL_ADMIN_TOKEN: adminToken,
      WARMPOOL_SECRET_KEY: secretKey,
      WARMPOOL_SWEEP_SECONDS: String(SWEEP_SECONDS),
    },
    logFile: join(folder, "far-edge.log"),
  });
  const direct = `http://127.0.0.1:${port}`;
  await until("the far edge to answer", () => isThere(direct), { seconds });
  const relayToEdge = await listen(port);
  const url = `http://127.0.0.1:${relayToEdge.port}`;

  const toMachines = new MachineLinks(DETOUR);
  ends.push(() => toMachines.close());
  const mood = await MoodServer.open(async ({ command, port: machine }) => {
    if (command === "create" && machine !== null) await toMachines.open(machine);
  });
  ends.push(() => mood.close());
  const dir = join(folder, "far-relay");
  const clock = join(folder, "far-clock");
  const busy = join(folder, "far-busy");
  await joinNode(stack.admin, url, dir);
  const relay = keep({
    args: [
      ...["./clock.ts", "./busy.ts"].flatMap((file) => ["--import", new URL(file, import.meta.url).href]),
      ...["bin/warmpool.js", "relay", "run", "--dir", dir, "--url", url],
      ...["--driver", "exec", "--program", fileURLToPath(new URL("../driver/program", import.meta.url))],
      ...PASSED.flatMap((name) => ["--pass", name]),
      ...TIMEOUTS.flatMap((change) => ["--timeout", change]),
    ],
    env: {
      WARMPOOL_CHAOS_CLOCK: clock,
      WARMPOOL_CHAOS_BUSY: busy,
      WARMPOOL_CHAOS_MOOD: mood.url,
      WARMPOOL_TEST_DRIVER: driver,
      WARMPOOL_TEST_MACHINES: machines,
      // Without it the relay would dial past the links.
      WARMPOOL_TEST_DETOUR: "1",
    },
    logFile: join(folder, "far-relay.log"),
  });
  return {
    edge,
    relay,
    api: rpc(direct, appToken),
    links: { relayToEdge, edgeToDatabase, machines: toMachines },
    driver: mood,
    setClock: (seconds) => note(clock, seconds),
    setBusy: (seconds) => note(busy, seconds),
  };
}

/** What a file tells the relay; 0 is none. */
function note(file: string, seconds: number): Promise<void> {
  return seconds === 0 ? rm(file, { force: true }) : writeFile(file, String(seconds));
}

async function isThere(url: string): Promise<boolean> {
  return (await fetch(`${url}/healthz`, { signal: deadline(2) })).status > 0;
}

const enrolled = z.looseObject({ joinToken: z.string() });

async function joinNode(admin: Rpc, url: string, dir: string): Promise<void> {
  const { joinToken } = await admin.mutate("node.enroll", { name: NODE }, enrolled);
  // The token works once and is void after this.
  const args = [
    join(CHECKOUT, "bin/warmpool.js"),
    "relay",
    "join",
    "--url",
    url,
    "--dir",
    dir,
    "--token",
    joinToken,
  ];
  const ran = await run(process.execPath, args);
  if (ran.code !== 0) throw new Error(`the far relay could not join: ${ran.stderr}`);
}
