import { adminTokenProblem } from "./api/adminToken.ts";
import { createApp } from "./api/app.ts";
import { ADMIN_REQUESTS_PER_MINUTE, type Edge } from "./api/edge.ts";
import { type LIMIT_SETTINGS, type Limits, readLimits } from "./api/limits.ts";
import { logFailure } from "./api/log.ts";
import { sweep } from "./cron/sweep.ts";
import { connect } from "./db/client.ts";
import { readSecretKeys } from "./domain/secrets/keys.ts";
import { readWebhook } from "./domain/webhook/receiver.ts";

/** The Cloudflare entry: the same app and the same duties as src/server.ts, a database client for each request. */
type Env = {
  HYPERDRIVE: { connectionString: string };
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
    const { adminToken, limits, problems } = settingsOf(env);
    const edge: Edge = {
      ...(address === null ? {} : { address }),
      connection: connect(env.HYPERDRIVE.connectionString, { max: CONNECTIONS }),
      adminToken,
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
  limits: Partial<Limits>;
  problems: string[];
} {
  const { limits, problems } = readLimits((name) => env[name]);
  const token = env.WARMPOOL_ADMIN_TOKEN ?? "";
  const problem = token === "" ? null : adminTokenProblem(token);
  if (problem !== null) return { adminToken: undefined, limits, problems: [problem, ...problems] };
  return { adminToken: token === "" ? undefined : token, limits, problems };
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
