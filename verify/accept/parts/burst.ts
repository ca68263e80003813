import { join } from "node:path";
import { until } from "../../../test/helpers/until.ts";
import { assignments, nodes } from "../../harness/interface.ts";
import { type Context, freePort, type Part, POOL, started } from "../../harness/part.ts";
import { putPoolLike, untilFull } from "../../harness/pools.ts";
import type { Driver } from "../../harness/options.ts";
import type { Rpc } from "../../harness/rpc.ts";
import { clearOut, type Crowd, fillPool, moveUp, rush } from "../rush.ts";
import { startServer } from "../server.ts";
import { makeKey } from "../../harness/sshClient.ts";
import type { Stack } from "../../harness/stack.ts";
import { withStandIn } from "../standIn.ts";

/**
 * Everybody comes at once. What the edge makes of it is shown on rows that no machine stands behind; what a node makes
 * of it on real ones. The rows are the same whatever makes the machines, so on Incus only the real ones are shown, and
 * as many as two cores bear in a few minutes.
 */
const RUNS = 20;
const CROWD: Crowd = { testers: 200, machines: 50 };
const REAL: Record<Driver, Crowd> = { local: CROWD, incus: { testers: 48, machines: 12 } };
const NODE = "stand-in";
const SETUPS_SECONDS = 240;

export const burst: Part = {
  name: "burst",
  title: "Many more testers at once than there are machines",
  show,
};

async function show(context: Context): Promise<void> {
  const { driver, runtime, report } = context;
  if (driver === "incus" && runtime === "workerd") {
    report.note("Left out: it needs no machines, and is shown with --driver local.");
    return;
  }
  const { stack } = await started(context, { targetSize: 0, sweepSeconds: 60 });
  const { publicKey } = await makeKey(context.folder, "own");
  await (context.runtime === "node" ? onNode : onWorkerd)(context, stack, publicKey);
  await context.report.check("SIGTERM ends it and tears every machine down", () => stack.stop("sigterm"));
}

async function onNode({ report, folder, driver }: Context, stack: Stack, key: string): Promise<void> {
  const { admin } = stack;
  const real = REAL[driver];
  const nodesOfStack = (await admin.query("node.list", undefined, nodes)).map(({ name }) => name);
  const port = await freePort();
  const second = await report.check("a second server works on the same database", () =>
    startServer(stack.local(), port, join(folder, "server.log")),
  );
  const edges = [stack.app, second.app];
  if (driver === "local") {
    await report.check(`R1 ${RUNS} of ${RUNS} runs of ${told(CROWD)} hold, on rows alone`, () =>
      standInRuns(stack, edges, key),
    );
  } else {
    report.note(
      `${told(real)} instead of ${told(CROWD)}: what two cores bear. The ${RUNS} runs on rows alone are shown with --driver local.`,
    );
  }
  // The stand-in's node is taken for a node that is there until it has been silent for long enough.
  await putPoolLike(admin, POOL, {
    targetSize: real.machines,
    maxSize: real.machines,
    nodes: nodesOfStack,
  });
  await report.check(
    `${real.machines} real machines are ready`,
    async () => void (await untilFull(admin, POOL, real.machines, 300)),
  );
  await report.check(`R1 ${told(real)} over two servers, on real machines`, async () => {
    const { held, waiting } = await rush(edges, POOL, real, key, false);
    return `${held.size} distinct machines, ${waiting.length} waiting in order`;
  });
  await report.check(`all ${real.machines} are set up`, () => allActive(stack.app, real.machines));
  await second.stop();
}

function told({ testers, machines }: Crowd): string {
  return `${testers} testers for ${machines} machines`;
}

async function standInRuns(stack: Stack, edges: Rpc[], key: string): Promise<string> {
  const { admin, app } = stack;
  const took: number[] = [];
  await withStandIn(stack.local().url, admin, NODE, async () => {
    for (let run = 1; run <= RUNS; run += 1) {
      const pool = `run-${run}`;
      await fillPool(admin, POOL, pool, NODE, CROWD.machines);
      const startedAt = performance.now();
      const result = await rush(edges, pool, CROWD, key, false);
      took.push((performance.now() - startedAt) / 1000);
      await moveUp(app, result);
      await clearOut(admin, result);
    }
  });
  return `${2 * CROWD.testers} answers took ${Math.min(...took).toFixed(1)} to ${Math.max(...took).toFixed(1)} s`;
}

async function onWorkerd({ report }: Context, stack: Stack, key: string): Promise<void> {
  const { admin, app } = stack;
  const pool = "run-1";
  await report.check(`R1 ${2 * CROWD.testers} at once: nothing but answers and 503 with Retry-After`, () =>
    withStandIn(stack.local().url, admin, NODE, async () => {
      await fillPool(admin, POOL, pool, NODE, CROWD.machines);
      const result = await rush([app], pool, CROWD, key, true);
      await moveUp(app, result);
      await clearOut(admin, result);
      const { refused, cut, held, waiting } = result;
      return `${refused} refused and asked again, ${cut} cut off and asked again; ${held.size} distinct machines, ${waiting.length} waiting in order`;
    }),
  );
}

/** Nobody of those who hold a machine is left setting up, and none has failed. */
async function allActive(app: Rpc, machines: number): Promise<void> {
  const count = async (state: string) =>
    (await app.query("tester.list", { pool: POOL, state, limit: 500 }, assignments)).items.length;
  const states = await until(
    `${machines} set-ups to end`,
    async () => {
      const settingUp = await count("setting_up");
      if (settingUp > 0) throw new Error(`${settingUp} are still setting up`);
      return { active: await count("active"), failed: await count("failed") };
    },
    { seconds: SETUPS_SECONDS, everyMs: 500 },
  );
  if (states.active !== machines)
    throw new Error(`${states.active} are active, ${states.failed} have failed`);
}
