import { Miniflare } from "miniflare";
import { own } from "../contract/own.ts";
import { dashboardFolder } from "../dashboardFolder.ts";
import { bundleIn } from "./bundle.ts";
import { EDGE_SETTINGS } from "./edgeSettings.ts";
import { fireCron, workerdOptions } from "./workerdEdge.ts";

/**
 * The edge in workerd: one Node process that holds one workerd, where `wrangler dev` is six processes. The bundle and
 * its settings are what wrangler would deploy; the clock that Cloudflare's cron triggers are is kept here. Miniflare
 * starts a workerd that died again by itself; when this process dies the supervisor ends what is left of it.
 */
const port = Number(required("PORT"));
const sweepSeconds = Number(required("WARMPOOL_SWEEP_SECONDS"));
const databaseUrl = required("DATABASE_URL");
const adminToken = required("WARMPOOL_ADMIN_TOKEN");
const secretKey = required("WARMPOOL_SECRET_KEY");
const settings = Object.fromEntries(
  EDGE_SETTINGS.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
);
/** A sweep's statements take 60 s at most; one that takes longer is given up by its caller here, not by itself. */
const SWEEP_TIMEOUT_MS = 120_000;

const bundle = await bundleIn(required("WARMPOOL_BUNDLE"));
const miniflare = new Miniflare(
  workerdOptions({
    bundle,
    port,
    databaseUrl,
    files: dashboardFolder(),
    bindings: { WARMPOOL_ADMIN_TOKEN: adminToken, WARMPOOL_SECRET_KEY: secretKey, ...settings },
    onLog: (message) => console.log(message),
  }),
);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());

await miniflare.ready;
console.log(`listening on 127.0.0.1:${port}`);
let timer: NodeJS.Timeout | undefined;
await tick();

/** One sweep, and the next one `sweepSeconds` after this one began, or at once where it took longer. */
async function tick(): Promise<void> {
  const startedAt = performance.now();
  try {
    const outcome = await withTimeout(fireCron(miniflare, bundle), SWEEP_TIMEOUT_MS);
    if (outcome !== "ok") console.error(`the scheduled handler ended with ${outcome}`);
  } catch (error) {
    console.error(`the scheduled handler failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  const rest = sweepSeconds * 1000 - (performance.now() - startedAt);
  timer = setTimeout(() => void tick(), Math.max(rest, 0));
}

async function stop(): Promise<void> {
  clearTimeout(timer);
  await miniflare.dispose();
  process.exit(0);
}

async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(() => reject(new Error(`no response within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(deadline);
  }
}

function required(name: string): string {
  const value = own(process.env, name) ?? "";
  if (value === "") throw new Error(`${name} is not set; npm start sets it`);
  return value;
}
