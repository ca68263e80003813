import { join } from "node:path";
import { until } from "../../test/helpers/until.ts";
import { assignments, nodes } from "../interface.ts";
import { type Context, freePort, type Part, POOL, started } from "../part.ts";
import { putPoolLike, untilFull } from "../pools.ts";
import type { Rpc } from "../rpc.ts";
import { clearOut, fillPool, MACHINES, moveUp, rush, TESTERS } from "../rush.ts";
import { startServer } from "../server.ts";
import { makeKey } from "../sshClient.ts";
import type { Stack } from "../stack.ts";
import { withStandIn } from "../standIn.ts";

/** Everybody comes at once. */
const RUNS = 20;
const NODE = "stand-in";
const SETUPS_SECONDS = 240;

export const burst: Part = {
  name: "burst",
  title: `${TESTERS} testers at once on ${MACHINES} machines`,
  show,
};

async function show(context: Context): Promise<void> {
  const { stack } = await started(context, { targetSize: 0, sweepSeconds: 60 });
  const { publicKey } = await makeKey(context.folder, "own");
  await (context.runtime === "node" ? onNode : onWorkerd)(context, stack, publicKey);
  await context.report.check("SIGTERM ends it and tears every machine down", () => stack.stop("sigterm"));
}

async function onNode({ report, folder }: Context, stack: Stack, key: string): Promise<void> {
  const { admin } = stack;
  const real = (await admin.query("node.list", undefined, nodes)).map(({ name }) => name);
  const port = await freePort();
  const second = await report.check("a second server works on the same database", () =>
    startServer(stack.local(), port, join(folder, "server.log")),
  );
  const edges = [stack.app, second.app];
  await report.check(`${RUNS} of ${RUNS} runs on ${MACHINES} ready rows hold`, () =>
    standInRuns(stack, edges, key),
  );
  // The stand-in's node is taken for a node that is there until it has been silent for long enough.
  await putPoolLike(admin, POOL, { targetSize: MACHINES, maxSize: MACHINES, nodes: real });
  await report.check(
    `${MACHINES} real machines are ready`,
    async () => void (await untilFull(admin, POOL, MACHINES, 300)),
  );
  await report.check(`the same on ${MACHINES} real machines`, async () => {
    const { held, waiting } = await rush(edges, POOL, key, false);
    return `${held.size} distinct machines, ${waiting.length} waiting in order`;
  });
  await report.check(`all ${MACHINES} are set up`, () => allActive(stack.app));
  await second.stop();
}

async function standInRuns(stack: Stack, edges: Rpc[], key: string): Promise<string> {
  const { admin, app } = stack;
  const took: number[] = [];
  await withStandIn(stack.local().url, admin, NODE, async () => {
    for (let run = 1; run <= RUNS; run += 1) {
      const pool = `run-${run}`;
      await fillPool(admin, POOL, pool, NODE);
      const startedAt = performance.now();
      const result = await rush(edges, pool, key, false);
      took.push((performance.now() - startedAt) / 1000);
      await moveUp(app, result);
      await clearOut(admin, result);
    }
  });
  return `${2 * TESTERS} answers took ${Math.min(...took).toFixed(1)} to ${Math.max(...took).toFixed(1)} s`;
}

async function onWorkerd({ report }: Context, stack: Stack, key: string): Promise<void> {
  const { admin, app } = stack;
  const pool = "run-1";
  await report.check(`${2 * TESTERS} at once: nothing but answers and 503 with Retry-After`, () =>
    withStandIn(stack.local().url, admin, NODE, async () => {
      await fillPool(admin, POOL, pool, NODE);
      const result = await rush([app], pool, key, true);
      await moveUp(app, result);
      await clearOut(admin, result);
      const { refused, held, waiting } = result;
      return `${refused} refused and asked again; ${held.size} distinct machines, ${waiting.length} waiting in order`;
    }),
  );
}

/** Nobody of those who hold a machine is left setting up, and none has failed. */
async function allActive(app: Rpc): Promise<void> {
  const count = async (state: string) =>
    (await app.query("tester.list", { pool: POOL, state, limit: 500 }, assignments)).items.length;
  const states = await until(
    `${MACHINES} set-ups to end`,
    async () => {
      const settingUp = await count("setting_up");
      if (settingUp > 0) throw new Error(`${settingUp} are still setting up`);
      return { active: await count("active"), failed: await count("failed") };
    },
    { seconds: SETUPS_SECONDS, everyMs: 500 },
  );
  if (states.active !== MACHINES)
    throw new Error(`${states.active} are active, ${states.failed} have failed`);
}
