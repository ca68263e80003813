import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../../test/helpers/until.ts";
import { freePort, POOL } from "../../harness/part.ts";
import { anything } from "../../harness/interface.ts";
import { CHECKOUT, type Program, runWith, startProgram } from "../../harness/program.ts";
import { type Rpc, rpc } from "../../harness/rpc.ts";
import { STEP_RECIPE, writeStepRecipe } from "../../harness/stepRecipe.ts";
import { type Server, startServer } from "../server.ts";

/** A server and a relay as docs/production.md runs them, without `npm start`: each can be stopped by itself. */
export type Production = {
  /** The first admin, who is in no table: a restored database knows them as well. */
  admin: Rpc;
  /** Migrates the database, as every start of a new version does, and starts the server on it. */
  startServer(): Promise<void>;
  stopServer(): Promise<void>;
  startRelay(): Promise<void>;
  stopRelay(): Promise<void>;
  /** `npx warmpool …` as that admin. @returns what it printed. @throws Error if it ends with another code than 0 */
  warmpool: (...args: string[]) => Promise<string>;
};

export const NODE = "n1";
const SWEEP_SECONDS = 5;
const STOP_SECONDS = 20;
const COMMAND_SECONDS = 60;
const enrolled = z.looseObject({ joinToken: z.string() });

/** Nothing runs yet. `database` is the URL with its password. */
export async function productionIn(folder: string, database: string): Promise<Production> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const adminToken = randomBytes(32).toString("hex");
  const settings = {
    databaseUrl: database,
    adminToken,
    appToken: adminToken,
    secretKey: randomBytes(32).toString("base64"),
    sweepSeconds: SWEEP_SECONDS,
  };
  const inCheckout = async (
    command: string,
    args: string[],
    env: Record<string, string>,
  ): Promise<string> => {
    const ran = await runWith("", command, args, COMMAND_SECONDS, { cwd: CHECKOUT, env });
    if (ran.code !== 0)
      throw new Error(`${args.join(" ")} ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  let server: Server | null = null;
  let relay: Program | null = null;
  return {
    admin: rpc(url, adminToken),
    warmpool: (...args) =>
      inCheckout("npx", ["warmpool", ...args], { WARMPOOL_URL: url, WARMPOOL_TOKEN: adminToken }),
    async startServer() {
      await inCheckout("npm", ["run", "--silent", "migrate"], { DATABASE_URL: database });
      server = await startServer(settings, port, join(folder, "server.log"));
    },
    async stopServer() {
      await server?.stop();
      server = null;
    },
    async startRelay() {
      const args = [
        join(CHECKOUT, "bin/warmpool.js"),
        "relay",
        "run",
        "--dir",
        relayFolder(folder),
        "--driver",
        "local",
      ];
      const logFile = join(folder, "relay.log");
      const program = await startProgram(process.execPath, args, { cwd: folder, env: {}, logFile });
      relay = program;
      await until("the relay to serve", () => program.hasEnded() || /info Serving/.test(program.tail(1000)));
      if (program.hasEnded()) throw new Error(`the relay ended. Its last lines:\n${program.tail(12)}`);
    },
    async stopRelay() {
      const program = relay;
      relay = null;
      if (program === null) return;
      process.kill(program.pid, "SIGTERM");
      await until("the relay to end", () => program.hasEnded(), { seconds: STOP_SECONDS });
    },
  };
}

/** What a new installation needs before its relay runs: a node that has joined, the recipe that keeps count, and a pool. */
export async function furnish(
  { admin, warmpool }: Production,
  folder: string,
  sizes: { targetSize: number; maxSize: number },
): Promise<void> {
  const { joinToken } = await admin.mutate("node.enroll", { name: NODE }, enrolled);
  await warmpool("relay", "join", "--dir", relayFolder(folder), "--token", joinToken);
  await warmpool("recipe", "push", await writeStepRecipe(folder, 0));
  const spec = {
    ...{ name: POOL, ...sizes, shape: { vcpus: 1, memoryMib: 512, diskGib: 1 } },
    ...{ image: "local", instanceType: "container", adminSshKeys: [], recipe: STEP_RECIPE },
  };
  await admin.mutate("pool.put", spec, anything);
}

function relayFolder(folder: string): string {
  return join(folder, "relay");
}
