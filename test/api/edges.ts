import { inject, vi } from "vitest";
import { ADMIN_REQUESTS_PER_MINUTE, type Edge } from "../../src/api/edge.ts";
import { LIMIT_SETTINGS, type Limits } from "../../src/api/limits.ts";
import { sweep } from "../../src/cron/sweep.ts";
import { connect } from "../../src/db/client.ts";
import type { DashboardFiles } from "../../src/api/dashboard.ts";
import { listen } from "../../src/listen.ts";
import { readSecretKeys } from "../../src/domain/secrets/keys.ts";
import type { Receiver } from "../../src/domain/webhook/receiver.ts";
import { atNight, oneIn } from "../helpers/nightly.ts";
import { staying } from "../helpers/recycled.ts";

/** The two entries, so that every API test runs against both: the app in Node, and the real bundle in workerd. */
export const ADMIN_TOKEN = "wp_admin_for_tests_only_0123456789";

/** 32 bytes, known to everybody. */
export const SECRET_KEY = btoa("k".repeat(32));

export type TestEdge = AsyncDisposable & {
  url: string;
  /** Fires the cron trigger once, and resolves when the sweep has ended. */
  cron(): Promise<void>;
  /** Everything the edge has logged since it started. */
  logs(): string;
};

export type Runtime = "node" | "workerd";
export const RUNTIMES: readonly Runtime[] = ["node", "workerd"];

/** For what cannot differ between the runtimes, because the same code decides it in both. */
export const ONE_RUNTIME = atNight(RUNTIMES);

/** Of many cases that the same code decides in both runtimes: all of them on Node, by day each n-th on workerd. */
export function casesOn<T>(runtime: Runtime, n: number, all: readonly T[]): readonly T[] {
  return runtime === "workerd" ? oneIn(n, all) : all;
}

type EdgeOptions = {
  adminRequestsPerMinute?: number;
  webhook?: Receiver | null;
  limits?: Partial<Limits>;
  adminToken?: string;
  /** The dashboard's files; none if left out. */
  files?: DashboardFiles | null;
  publicOrigin?: string | null;
};

export async function startEdge(
  runtime: Runtime,
  databaseUrl: string,
  options: EdgeOptions = {},
): Promise<TestEdge> {
  const start = runtime === "node" ? startNode : startWorkerd;
  return start(databaseUrl, {
    adminRequestsPerMinute: ADMIN_REQUESTS_PER_MINUTE,
    webhook: null,
    limits: {},
    adminToken: ADMIN_TOKEN,
    files: null,
    publicOrigin: null,
    ...options,
  });
}

async function startNode(
  databaseUrl: string,
  { adminRequestsPerMinute, webhook, limits, adminToken, files, publicOrigin }: Required<EdgeOptions>,
): Promise<TestEdge> {
  const connection = staying(databaseUrl) ?? connect(databaseUrl, { max: 20 });
  const running = new Set<Promise<unknown>>();
  const edge: Edge = {
    connection,
    adminToken,
    adminRequestsPerMinute,
    limits,
    webhook,
    secretKeys: readSecretKeys(SECRET_KEY),
    ...(files === null ? {} : { files }),
    ...(publicOrigin === null ? {} : { publicOrigin }),
    after: (work) => {
      const promise = work().finally(() => running.delete(promise));
      running.add(promise);
    },
  };
  const server = await listen(edge, { host: "127.0.0.1", port: 0 });
  const log = vi.spyOn(console, "log");
  return {
    url: `http://127.0.0.1:${server.port}`,
    cron: async () => void (await sweep(connection.db, webhook)),
    logs: () => JSON.stringify(log.mock.calls),
    [Symbol.asyncDispose]: async () => {
      await server.close(0);
      log.mockRestore();
      await Promise.allSettled(running);
      await connection.close();
    },
  };
}

async function startWorkerd(
  databaseUrl: string,
  { adminRequestsPerMinute, webhook, limits, adminToken, files, publicOrigin }: Required<EdgeOptions>,
): Promise<TestEdge> {
  // Here and not above: it takes a second to load, and fetch would be its own from then on, also on Node.
  const { Miniflare } = await import("miniflare");
  const { fireCron, workerdOptions } = await import("../../src/stack/workerdEdge.ts");
  const bundle = inject("bundle");
  const logged: string[] = [];
  const miniflare = new Miniflare(
    workerdOptions({
      bundle,
      port: 0,
      databaseUrl,
      files,
      bindings: {
        ...(publicOrigin === null ? {} : { WARMPOOL_PUBLIC_URL: publicOrigin }),
        WARMPOOL_ADMIN_TOKEN: adminToken,
        WARMPOOL_SECRET_KEY: SECRET_KEY,
        WARMPOOL_ADMIN_REQUESTS_PER_MINUTE: String(adminRequestsPerMinute),
        ...Object.fromEntries(
          Object.entries(LIMIT_SETTINGS)
            .filter(([, limit]) => limits[limit] !== undefined)
            .map(([name, limit]) => [name, String(limits[limit])]),
        ),
        ...webhookSecrets(webhook),
      },
      onLog: (message) => logged.push(message),
    }),
  );
  const { origin } = await miniflare.ready.catch(async (error: unknown) => {
    await miniflare.dispose();
    throw error;
  });
  return {
    url: origin,
    cron: async () => {
      const outcome = await fireCron(miniflare, bundle);
      if (outcome !== "ok") throw new Error(`the scheduled handler ended with ${outcome}`);
    },
    logs: () => JSON.stringify(logged),
    [Symbol.asyncDispose]: () => miniflare.dispose(),
  };
}

function webhookSecrets(webhook: Receiver | null): Record<string, string> {
  if (webhook === null) return {};
  return { WARMPOOL_WEBHOOK_URL: webhook.url, WARMPOOL_WEBHOOK_SECRET: webhook.secrets.join(" ") };
}
