import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anything, type Assignment, assigned, assignment } from "../harness/interface.ts";
import { freePort } from "../harness/part.ts";
import { listMachines, putPoolLike, untilFull } from "../harness/pools.ts";
import { makeKey } from "../harness/sshClient.ts";
import { type Stack, startStack } from "../harness/stack.ts";
import { endAllOf } from "../../scripts/leash/belonging.ts";
import { deleteIncusMachinesOf } from "../../scripts/leash/incusMachines.ts";
import { until } from "../../test/helpers/until.ts";
import { type Bench, summary } from "./comparison.ts";

/**
 * What a tester waits for: an assign on a pool that has a machine ready (warm) against one on a pool that has to create
 * it first (cold), on the same node of a whole `npm start` with Incus, in turns. The set-up is one step that notes when
 * it began, on the clock of this host, which its containers share.
 */
const ROUNDS = 5;
const BEGAN = "began";
const RECIPE = {
  name: "noted",
  params: {},
  steps: [
    { id: "note", title: "Note when", script: `echo "::output ${BEGAN}=$(date +%s%3N)"`, timeoutSeconds: 60 },
  ],
};
const LIMIT_SECONDS = 120;

/** Milliseconds from asking to the set-up's own first command on the machine, and to active as the asker sees it. */
type Waited = { commandMs: number; activeMs: number };

export const warm: Bench = async () => {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-warm-"));
  try {
    const stack = await startStack(
      {
        runtime: "node",
        driver: "incus",
        stateDir: join(folder, "state"),
        port: await freePort(),
        logFile: join(folder, "start.log"),
        targetSize: 0,
        sweepSeconds: 60,
      },
      LIMIT_SECONDS,
    );
    const rounds = await measure(stack, (await makeKey(folder, "own")).publicKey);
    await stack.stop("sigterm");
    return [
      summary(
        "from asking to the first set-up command: no machine ready (A) against one ready (B)",
        rounds.map(({ cold, warm }) => ({ a: cold.commandMs, b: warm.commandMs })),
      ),
      summary(
        "from asking to active: no machine ready (A) against one ready (B)",
        rounds.map(({ cold, warm }) => ({ a: cold.activeMs, b: warm.activeMs })),
      ),
    ];
  } finally {
    await endAllOf(folder);
    await deleteIncusMachinesOf(folder);
    await rm(folder, { recursive: true, force: true });
  }
};

/** The first pair warms up what is slow once (the image in the storage pool), and does not count. */
async function measure(stack: Stack, key: string): Promise<{ warm: Waited; cold: Waited }[]> {
  const { admin } = stack;
  await admin.mutate("recipe.put", RECIPE, anything);
  const pool = (name: string, targetSize: number) =>
    putPoolLike(admin, "demo", { name, recipe: RECIPE.name, targetSize, maxSize: 2 });
  await pool("warm", 1);
  await pool("cold", 0);
  const rounds: { warm: Waited; cold: Waited }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    await untilFull(admin, "warm", 1, LIMIT_SECONDS);
    const times = { warm: await ask(stack, "warm", 1, key), cold: await ask(stack, "cold", 0, key) };
    if (round === 0) continue;
    rounds.push(times);
    const told = (["warm", "cold"] as const).map((name) => {
      const { commandMs, activeMs } = times[name];
      return `${name} ${(commandMs / 1000).toFixed(2)} s, active ${(activeMs / 1000).toFixed(2)} s`;
    });
    console.log(`  ${round} of ${ROUNDS}: ${told.join("; ")}`);
  }
  return rounds;
}

/** One tester comes, is served and goes, and the pool is as it was before. @throws Error where `ready` was not so. */
async function ask({ admin, app }: Stack, pool: string, ready: number, key: string): Promise<Waited> {
  const username = "tester";
  const before = await listMachines(admin, pool);
  if (before.length !== ready)
    throw new Error(
      `pool ${pool} has ${before.length} machines, not the ${ready} that it is to be asked with`,
    );
  const askedAt = Date.now();
  await app.mutate("tester.assign", { username, pool, sshKeys: [key] }, assigned);
  const active = await until(
    `an assignment of pool ${pool} to be active`,
    async () => {
      const now = await app.query("tester.status", { username, pool }, assignment);
      if (now.state === "active") return { ...now, seenAt: Date.now() };
      throw new Error(`it is ${now.state}: ${now.error?.message ?? JSON.stringify(now.setup)}`);
    },
    { seconds: LIMIT_SECONDS, everyMs: 50 },
  );
  await app.mutate("tester.release", { username, pool }, assignment);
  await until(
    `pool ${pool} to be as before`,
    async () => {
      const left = await listMachines(admin, pool);
      return left.length === ready && left.every(({ state }) => state === "ready");
    },
    { seconds: LIMIT_SECONDS, everyMs: 100 },
  );
  return { commandMs: beganAt(active) - askedAt, activeMs: active.seenAt - askedAt };
}

function beganAt({ outputs }: Assignment): number {
  const began = Number(outputs[BEGAN]);
  if (Number.isSafeInteger(began) && began > 0) return began;
  throw new Error(`the set-up has not noted when it began: ${JSON.stringify(outputs)}`);
}
