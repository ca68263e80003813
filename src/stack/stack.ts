import { rmSync } from "node:fs";
import { createClient } from "../client/index.ts";
import type { WarmpoolClient } from "../client/index.ts";
import { migrate } from "../db/migrate.ts";
import { writePrivateJson } from "./files.ts";
import type { StackFolder } from "./folder.ts";
import { sameStack } from "./options.ts";
import type { StackOptions } from "./options.ts";
import { keepPart } from "./part.ts";
import type { Part, PartHost, PartPlan } from "./part.ts";
import { edgePlan, END, postgresPlan, relayPlan } from "./parts.ts";
import { freePort, portProblem, whyPortIsNotFree } from "./ports.ts";
import { databaseUrl, initCluster } from "./postgres.ts";
import { hasJoined, isReplaced, lastWords, NODE_NAME, wayBack } from "./ownRelay.ts";
import { prepare, prepareRelay } from "./prepare.ts";
import { PARTS, partRecord } from "./record.ts";
import type { PartName, PartRecord } from "./record.ts";
import { signalProcess } from "./processes.ts";

/**
 * The parts of one local stack in the order in which they need each other: Postgres, the edge, the relay. While it
 * runs, `local.json` says where everything is; after an orderly stop there is no such file.
 */
export type Stack = {
  url: string;
  admin: WarmpoolClient;
  /**
   * Starts the parts, and prepares them for the pool demo unless they are only to take machines down.
   * @throws Error that says what to do, or `signal`'s reason.
   */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Makes sure that a relay serves, so that machines can be taken down through the system itself.
   * @returns false where that is not possible yet: no edge has answered, or no relay has ever joined.
   */
  canTakeDown(): boolean;
  stop(): Promise<void>;
  /** Kills every part without waiting, for a person who will not wait. */
  kill(): void;
};

const CALLED = { postgres: "Postgres", edge: "The edge", relay: "The relay" };

export function createStack(folder: StackFolder, options: StackOptions, say: (line: string) => void): Stack {
  const url = `http://127.0.0.1:${options.port}`;
  const admin = createClient({ url, token: folder.memory().adminToken, timeoutSeconds: 10 });
  const record = partRecord(folder.partsFile, folder.path);
  const cluster = { folder: folder.postgres, keep: "durable" } as const;
  const parts = new Map<PartName, Part>();
  let database: string | null = null;
  let edgeHasAnswered = false;

  const writeLocal = () => {
    const { adminToken, appToken, secretKey } = folder.memory();
    if (database === null || appToken === null || parts.size < PARTS.length) return;
    const pid = (name: PartName) => parts.get(name)?.pid() ?? null;
    writePrivateJson(folder.localFile, {
      url,
      adminToken,
      appToken,
      databaseUrl: database,
      secretKey,
      pids: { supervisor: process.pid, edge: pid("edge"), relay: pid("relay"), postgres: pid("postgres") },
    });
  };
  const lastSaid = new Map<PartName, string>();
  const sayLost = async (part: PartName, why: string) => {
    // What ended by itself has mostly said why.
    const words = why.startsWith("exited with status") ? await lastWords(folder.log(part)) : null;
    // A relay that is refused is started again and again, and says the same.
    const said = `${why} ${words}`;
    if (part === "relay" && isReplaced(words) && lastSaid.get(part) === said) return;
    lastSaid.set(part, said);
    say(`${CALLED[part]} ${why}; restarting it (see ${folder.log(part)})`);
    if (words === null) return;
    say(`  Its last output: ${words}`);
    const way = part === "relay" ? wayBack(words, url, folder, sameStack(options)) : null;
    if (way !== null) say(`  ${way}`);
  };
  const host: PartHost = {
    record,
    logFile: (part) => folder.log(part),
    changed(part, event) {
      if (event.kind === "started") writeLocal();
      else void sayLost(part, event.why);
    },
  };
  const keep = (plan: PartPlan) => {
    const part = keepPart(plan, host);
    parts.set(plan.name, part);
    return part;
  };

  return {
    url,
    admin,
    canTakeDown() {
      if (!edgeHasAnswered || !hasJoined(folder)) return false;
      if (!parts.has("relay")) keep(relayPlan(folder, url, admin));
      return true;
    },
    async start(signal) {
      await makeWay(record, options.port);
      await initCluster(cluster);
      const port = await freePort(folder.memory().databasePort ?? undefined);
      folder.remember({ databasePort: port });
      await keep(postgresPlan(folder, cluster, port)).answering(signal);
      database = await databaseUrl(cluster, port);
      await migrate(database);
      say(`Postgres is running on 127.0.0.1:${port}`);
      await keep(edgePlan(folder, options, database, url)).answering(signal);
      await prepareRelay(folder, admin, signal);
      edgeHasAnswered = true;
      say(`The edge is running at ${url} (${options.runtime})`);
      // A pool that is prepared begins to fill. canTakeDown starts the relay.
      if (options.destroyNow) return;
      await prepare(folder, options, admin, url, signal);
      await keep(relayPlan(folder, url, admin)).answering(signal);
      writeLocal();
      say(`The relay is serving the node ${NODE_NAME}`);
    },
    async stop() {
      for (const name of PARTS.toReversed()) await parts.get(name)?.stop();
      rmSync(folder.localFile, { force: true });
    },
    kill() {
      for (const name of PARTS) for (const { pid } of record.left(name)) signalProcess(pid, "SIGKILL");
    },
  };
}

/** Ends what an earlier supervisor left, and makes sure that the edge will get its port. */
async function makeWay(record: PartRecord, port: number): Promise<void> {
  for (const name of PARTS.toReversed()) await record.end(name, END[name]);
  const why = await whyPortIsNotFree(port);
  if (why !== null) throw new Error(portProblem(port, why));
}
