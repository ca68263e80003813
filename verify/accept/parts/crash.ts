import { until } from "../../../test/helpers/until.ts";
import { assigned } from "../../harness/interface.ts";
import { type Context, NEXT_START_SECONDS, type Part, POOL, started } from "../../harness/part.ts";
import { getPool, listMachines, putPoolLike, untilFull } from "../../harness/pools.ts";
import type { Rpc } from "../../harness/rpc.ts";
import { becomesActive, readNotes, statusOf, useStepRecipe } from "../setups.ts";
import { type Key, makeKey } from "../../harness/sshClient.ts";
import { type Stack, startStack } from "../../harness/stack.ts";
import { STEPS } from "../../harness/stepRecipe.ts";
import { noRowLies } from "../truth.ts";

/** Everything is killed at the worst moments, and nothing is lost, run twice or left behind. */
const READY = 3;

export const crash: Part = { name: "crash", title: "Processes die in the middle of things", show };

async function show(context: Context): Promise<void> {
  const { report, folder } = context;
  const { stack, options } = await started(context, { targetSize: READY, sweepSeconds: 60 });
  const { admin } = stack;
  const key = await makeKey(folder, "own");
  await report.check(`a recipe of ${STEPS} steps is pushed, and the pool takes it`, async () => {
    await useStepRecipe(admin, folder, options.stateDir, { maxSize: 12 });
    await untilFull(admin, POOL, READY, 60);
  });

  await report.check("the relay is killed in mid set-up, and comes back", async () => {
    await assignTo(stack, "bob", key);
    await reachesStep(stack.app, "bob", 3);
    return killRelay(stack);
  });
  await report.check("the relay is killed in mid create, and comes back", async () => {
    const names = await inCreate(admin, READY + 2);
    return `in the middle of ${names}; ${await killRelay(stack)}`;
  });
  await report.check("every part is killed at once, in mid set-up and mid create", async () => {
    await assignTo(stack, "carol", key);
    await reachesStep(stack.app, "carol", 3);
    const names = await inCreate(admin, READY + 4);
    await stack.crash();
    return `in the middle of ${names}`;
  });

  const again = await report.check(`npm start is ready again within ${NEXT_START_SECONDS} s`, () =>
    startStack({ ...options, targetSize: null }, NEXT_START_SECONDS),
  );
  report.note(`ready after ${again.readySeconds.toFixed(1)} s`);
  for (const username of ["bob", "carol"]) {
    await report.check(`${username}'s assignment gets active`, () => becomesActive(again.app, username));
    await report.check(`each step has run once on ${username}'s machine`, () =>
      readNotes(again.app, username, key),
    );
  }
  await report.check(
    "the pool is full",
    async () => void (await untilFull(again.admin, POOL, READY + 4, 90)),
  );
  await report.check("no row lies", () => noRowLies(again.admin, POOL));
  await report.check("SIGTERM ends it and tears every machine down", () => again.stop("sigterm"));
}

/** Right after the relay has come back nothing can be claimed until it has probed: then the tester waits a moment. */
async function assignTo(stack: Stack, username: string, key: Key): Promise<void> {
  await stack.app.mutate("tester.assign", { username, sshKeys: [key.publicKey] }, assigned);
}

/** Step 1 is the account, so the recipe's first is step 2. */
async function reachesStep(app: Rpc, username: string, step: number): Promise<void> {
  await until(
    `${username}'s set-up to reach step ${step}`,
    async () => {
      const { state, setup } = await statusOf(app, username);
      if (state === "setting_up" && setup !== null && setup.step >= step) return true;
      throw new Error(`the assignment is ${state}, at step ${setup?.step ?? "none"}`);
    },
    { seconds: 60, everyMs: 50 },
  );
}

/** Kills the relay and waits until another one is there. */
async function killRelay(stack: Stack): Promise<string> {
  const { relay } = stack.local().pids;
  const startedAt = performance.now();
  process.kill(relay, "SIGKILL");
  const next = await until(
    "another relay to be started",
    () => {
      const now = stack.local().pids.relay;
      return now !== relay && now;
    },
    { seconds: 30 },
  );
  return `process ${relay}, then ${next} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** Raises the target until a relay is in the middle of a create. @returns the machines' names. */
async function inCreate(admin: Rpc, targetSize: number): Promise<string> {
  await putPoolLike(admin, POOL, { targetSize });
  const names = await until(
    "a machine to be in the middle of its create",
    async () => {
      const rows = await listMachines(admin, POOL, "provisioning");
      const begun = rows.filter(({ phase }) => phase !== "queued");
      return begun.length > 0 && begun.map(({ name, phase }) => `${name} (${phase})`);
    },
    { seconds: 30, everyMs: 5 },
  ).catch(async (cause: unknown) => {
    const { counts, conditions } = await getPool(admin, POOL);
    const said = conditions.map(({ type, reason, message }) => `${type}: ${reason}, ${message}`);
    throw new Error(`no create begins. The pool has ${JSON.stringify(counts)}; ${said.join("; ")}`, {
      cause,
    });
  });
  return names.join(", ");
}
