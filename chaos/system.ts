import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { freePort, POOL } from "../accept/part.ts";
import { putPoolLike } from "../accept/pools.ts";
import { run } from "../accept/program.ts";
import type { Rpc } from "../accept/rpc.ts";
import { type Stack, type StackOptions, startStack } from "../accept/stack.ts";
import { STEP_RECIPE, writeStepRecipe } from "../accept/stepRecipe.ts";
import { type Ground, groundOf } from "./ground/ground.ts";
import type { Options } from "./options.ts";

/** The whole of Warmpool as processes, as `npm start` runs it, and where each can be found to come to harm. */
export type System = {
  /** Another one after everything was killed. */
  stack(): Stack;
  edges(): readonly Rpc[];
  databaseUrl(): string;
  ground: Ground;
  /** Kills every part at once and starts again. */
  powerCut(): Promise<void>;
  stop(): Promise<string>;
};

export const SIZES = { targetSize: 4, testers: 5, maxSize: 11 } as const;
const START_SECONDS = 180;
/** After a power cut; on Incus the daemon may be busy. */
const AGAIN_SECONDS = 90;
const SWEEP_SECONDS = 5;
const STEP_SECONDS = 1;

/** @param folder of this run alone */
export async function startSystem({ driver, runtime }: Options, folder: string): Promise<System> {
  const stateDir = join(folder, "state");
  const options: StackOptions = {
    runtime,
    driver,
    targetSize: 0,
    sweepSeconds: SWEEP_SECONDS,
    stateDir,
    port: await freePort(),
    logFile: join(folder, "start.log"),
  };
  let stack = await startStack(options, START_SECONDS);
  await preparePool(stack, folder, stateDir);
  const installation = await installationOf(stateDir);
  return {
    stack: () => stack,
    edges: () => [stack.app],
    databaseUrl: () => stack.local().databaseUrl,
    ground: groundOf(driver, installation, [join(stateDir, "machines")]),
    async powerCut() {
      await stack.crash();
      stack = await startStack({ ...options, targetSize: null }, AGAIN_SECONDS);
    },
    stop: () => stack.stop("sigterm"),
  };
}

async function preparePool(stack: Stack, folder: string, stateDir: string): Promise<void> {
  const source = await writeStepRecipe(folder, STEP_SECONDS);
  const ran = await run("npx", ["warmpool", "recipe", "push", source, "--state-dir", stateDir]);
  if (ran.code !== 0) throw new Error(`recipe push ended with ${ran.code}: ${ran.stderr}`);
  const { targetSize, maxSize } = SIZES;
  await putPoolLike(stack.admin, POOL, { recipe: STEP_RECIPE, targetSize, maxSize, bootTimeoutSeconds: 60 });
}

/** The mark of this installation's machines, as its relay was told it. */
async function installationOf(stateDir: string): Promise<string> {
  const text = await readFile(join(stateDir, "relay", "relay.json"), "utf8");
  return z.looseObject({ installation: z.uuid() }).parse(JSON.parse(text)).installation;
}
