import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { WarmpoolClient } from "../client/index.ts";
import { formerOf } from "../relay/session/former.ts";
import { stretched } from "../relay/time/fairTime.ts";
import type { StackFolder } from "./folder.ts";
import type { StackOptions } from "./options.ts";
import type { PartPlan } from "./part.ts";
import { clearCluster, initCluster, postgresCommand } from "./postgres.ts";
import type { Cluster } from "./postgres.ts";
import { postgresAnswers } from "./postgresAnswer.ts";
import { EDGE_SETTINGS } from "./edgeSettings.ts";
import { assertOwn, NODE_NAME } from "./ownRelay.ts";
import { MARK } from "./record.ts";
import type { PartName } from "./record.ts";

/** How each part of the stack is started, asked and ended. */
/** The relay polls the edge at least this often (its long poll), with room for a slow answer. */
const RELAY_HEARD_SECONDS = 40;
const ASK_SECONDS = 3;

/** How each part is asked to end (Postgres: a fast shutdown), and when it is killed instead. */
export const END: Record<PartName, { signal: NodeJS.Signals; graceSeconds: number }> = {
  postgres: { signal: "SIGINT", graceSeconds: 10 },
  edge: { signal: "SIGTERM", graceSeconds: 10 },
  relay: { signal: "SIGTERM", graceSeconds: 15 },
};

export function postgresPlan(folder: StackFolder, cluster: Cluster, port: number): PartPlan {
  return {
    name: "postgres",
    async prepare() {
      await initCluster(cluster);
      await clearCluster(cluster);
    },
    program: async () => ({ ...(await postgresCommand(cluster, port)), env: marked(folder) }),
    ask: async () => ((await postgresAnswers(port, stretched(ASK_SECONDS))) ? "alive" : "silent"),
    startSeconds: 60,
    silentSeconds: 15,
    end: END.postgres,
  };
}

export function edgePlan(
  folder: StackFolder,
  options: StackOptions,
  databaseUrl: string,
  url: string,
): PartPlan {
  const entry = options.runtime === "node" ? "../server.ts" : "./workerd.ts";
  return {
    name: "edge",
    async prepare() {
      await rm(folder.scratch, { recursive: true, force: true });
      await mkdir(folder.scratch, { mode: 0o700 });
    },
    program: async () => ({
      command: process.execPath,
      args: [source("../../bin/run.js"), source(entry)],
      env: {
        ...marked(folder),
        ...handedOn(),
        DATABASE_URL: databaseUrl,
        HOST: "127.0.0.1",
        PORT: String(options.port),
        WARMPOOL_ADMIN_TOKEN: folder.memory().adminToken,
        WARMPOOL_SECRET_KEY: folder.memory().secretKey,
        WARMPOOL_SWEEP_SECONDS: String(options.sweepSeconds),
        WARMPOOL_BUNDLE: folder.bundle,
        TMPDIR: folder.scratch,
      },
    }),
    ask: () => answersHttp(`${url}/healthz`),
    startSeconds: 60,
    silentSeconds: 15,
    end: END.edge,
  };
}

export function relayPlan(folder: StackFolder, url: string, admin: WarmpoolClient): PartPlan {
  const { driver, incus } = folder.memory();
  const options = ["--dir", folder.relay, "--url", url, "--driver", driver];
  const place =
    driver === "local"
      ? ["--machines", folder.machines, "--hide", folder.path]
      : ["--project", incus.project, "--storage-pool", incus.storagePool, "--profile", incus.profile];
  return {
    name: "relay",
    prepare: () => assertOwn(folder),
    program: async () => ({
      command: process.execPath,
      args: [source("../../bin/warmpool.js"), "relay", "run", ...options, ...place],
      env: marked(folder),
    }),
    // The node may be heard through another relay, which has joined in place of this one: then no process of this
    // folder serves.
    ask: async () => ((await formerOf(folder.relay)) === null ? "silent" : heardOf(admin)),
    startSeconds: 60,
    silentSeconds: 10,
    end: END.relay,
  };
}

/** Any answer at all: an edge that says the database is down lives itself. */
async function answersHttp(url: string): Promise<"alive" | "silent"> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(stretched(ASK_SECONDS * 1000)) });
    await answer.body?.cancel();
    return "alive";
  } catch {
    return "silent";
  }
}

async function heardOf(admin: WarmpoolClient): Promise<"alive" | "silent" | "unknown"> {
  try {
    const nodes = await admin.node.list.query(undefined, {
      signal: AbortSignal.timeout(stretched(ASK_SECONDS * 1000)),
    });
    const heardAt = nodes.find((node) => node.name === NODE_NAME)?.lastSeenAt ?? null;
    if (heardAt === null) return "silent";
    return Date.now() - Date.parse(heardAt) < stretched(RELAY_HEARD_SECONDS * 1000) ? "alive" : "silent";
  } catch {
    return "unknown";
  }
}

/** What the person who runs `npm start` may set for the edge, by the names it has everywhere. */
function handedOn(): Record<string, string> {
  return Object.fromEntries(
    EDGE_SETTINGS.flatMap((name) => {
      const value = process.env[name] ?? "";
      return value === "" ? [] : [[name, value]];
    }),
  );
}

function marked(folder: StackFolder): Record<string, string> {
  return { [MARK]: folder.path };
}

function source(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
