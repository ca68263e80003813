import { adminTokenProblem } from "./api/adminToken.ts";
import { createApp } from "./api/app.ts";
import { ADMIN_REQUESTS_PER_MINUTE, type Edge } from "./api/edge.ts";
import { type LIMIT_SETTINGS, type Limits, readLimits } from "./api/limits.ts";
import { logFailure } from "./domain/core/log.ts";
import type { DashboardFiles } from "./api/dashboard.ts";
import { readPublicUrl } from "./api/origin.ts";
import { sweep } from "./cron/sweep.ts";
import { connect } from "./db/client.ts";
import { readSecretKeys } from "./domain/secrets/keys.ts";
import { readWebhook } from "./domain/webhook/receiver.ts";

/** The Cloudflare entry: the same app and the same duties as src/server.ts, a database client for each request. */
type Env = {
  HYPERDRIVE: { connectionString: string };
  /** The built dashboard (`[assets]` in wrangler.toml). */
  ASSETS?: { fetch(request: Request): Promise<Response> };
  /** Where browsers reach this Warmpool, if not at the Worker's own address. */
  WARMPOOL_PUBLIC_URL?: string;
  WARMPOOL_ADMIN_TOKEN?: string;
  /** A whole number as text; see docs/admin-http.md. */
  WARMPOOL_ADMIN_REQUESTS_PER_MINUTE?: string;
  WARMPOOL_SECRET_KEY?: string;
  WARMPOOL_WEBHOOK_URL?: string;
  WARMPOOL_WEBHOOK_SECRET?: string;
} & { [name in keyof typeof LIMIT_SETTINGS]?: string };

/** A Worker may hold six connections at once; one request never needs more than these. */
const CONNECTIONS = 3;

const app = createApp();

export default {
  fetch(request, env, context) {
    const address = request.headers.get("cf-connecting-ip");
    const { adminToken, publicOrigin, limits, problems } = settingsOf(env);
    const edge: Edge = {
      ...(address === null ? {} : { address }),
      connection: connect(env.HYPERDRIVE.connectionString, { max: CONNECTIONS }),
      adminToken,
      ...(publicOrigin === undefined ? {} : { publicOrigin }),
      ...(env.ASSETS === undefined ? {} : { files: assetsOf(env.ASSETS) }),
      adminRequestsPerMinute: limitOf(env),
      limits,
      problems,
      webhook: webhookOf(env),
      secretKeys: readSecretKeys(env.WARMPOOL_SECRET_KEY),
      after: (work) =>
        context.waitUntil(
          work().catch((error: unknown) => logFailure("work after the answer failed", error)),
        ),
    };
    return app.fetch(request, edge);
  },

  async scheduled(_, env, context) {
    const connection = connect(env.HYPERDRIVE.connectionString, { max: CONNECTIONS });
    await sweep(connection.db, webhookOf(env));
    context.waitUntil(connection.close());
  },
} satisfies WorkerEntry;

/**
 * Settings that would stop the Node server at its start. A Worker has none: here what cannot be used is not used, and
 * `/healthz` says so. Without a bootstrap token, which is needed once, everything else works.
 */
function settingsOf(env: Env): {
  adminToken: string | undefined;
  publicOrigin: string | undefined;
  limits: Partial<Limits>;
  problems: string[];
} {
  const { limits, problems } = readLimits((name) => env[name]);
  const token = env.WARMPOOL_ADMIN_TOKEN ?? "";
  const problem = token === "" ? null : adminTokenProblem(token);
  const publicUrl = readPublicUrl(env.WARMPOOL_PUBLIC_URL);
  const publicProblem = publicUrl !== null && "problem" in publicUrl ? publicUrl.problem : null;
  return {
    adminToken: token === "" || problem !== null ? undefined : token,
    publicOrigin: publicUrl !== null && "origin" in publicUrl ? publicUrl.origin : undefined,
    limits,
    problems: [...[problem, publicProblem].filter((one) => one !== null), ...problems],
  };
}

/** The built files as the platform has them. They are asked through the Worker, so that all answers have its headers. */
function assetsOf(assets: NonNullable<Env["ASSETS"]>): DashboardFiles {
  return {
    async get(path, request) {
      const headers = new Headers();
      for (const name of ["accept-encoding", "if-none-match"]) {
        const value = request.headers.get(name);
        if (value !== null) headers.set(name, value);
      }
      const response = await assets.fetch(new Request(new URL(path, request.url), { headers }));
      if (response.status === 200 || response.status === 304) return response;
      await response.body?.cancel();
      return null;
    },
  };
}

/** The default where it is not set, or set to no number of requests. */
function limitOf({ WARMPOOL_ADMIN_REQUESTS_PER_MINUTE: text }: Env): number {
  return /^[1-9]\d{0,8}$/.test(text ?? "") ? Number(text) : ADMIN_REQUESTS_PER_MINUTE;
}

function webhookOf(env: Env) {
  return readWebhook(env.WARMPOOL_WEBHOOK_URL, env.WARMPOOL_WEBHOOK_SECRET);
}

/** What the platform calls; written out, because its own types would be global in every file of the project. */
type WorkerEntry = {
  fetch(
    request: Request,
    env: Env,
    context: { waitUntil(work: Promise<unknown>): void },
  ): Response | Promise<Response>;
  scheduled(
    event: { cron: string },
    env: Env,
    context: { waitUntil(work: Promise<unknown>): void },
  ): Promise<void>;
};
