import { join } from "node:path";
import { freePort, POOL } from "../harness/part.ts";
import { putPoolLike } from "../harness/pools.ts";
import { run } from "../harness/program.ts";
import type { Rpc } from "../harness/rpc.ts";
import { type Stack, SERVES, type StackOptions, startStack } from "../harness/stack.ts";
import { STEP_RECIPE, writeStepRecipe } from "../harness/stepRecipe.ts";
import { type FarSite, openFarSite } from "./far/site.ts";
import { OtherDatabase } from "./far/otherDatabase.ts";
import { type Foreign, makeForeign } from "./foreign.ts";
import { type Ground, groundOf } from "./ground/ground.ts";
import { installationIn } from "./ground/installation.ts";
import { Kept } from "./ground/kept.ts";
import type { Options } from "./options.ts";

/** The whole of Warmpool as processes: what `npm start` runs, and a far site beside it; where each comes to harm. */
export type System = {
  /** Another one after everything was killed. */
  stack(): Stack;
  /** Those whose database is not behind. */
  edges(): readonly Rpc[];
  databaseUrl(): string;
  /** Of a part of `npm start`. @throws Error while parts are being started again. */
  pidOf(part: Part): number;
  far: FarSite;
  foreign: Foreign;
  ground: Ground;
  /** What people have put aside where the machines are. */
  kept: Kept;
  /** What the far edge's database may be for a while. */
  otherDatabase: OtherDatabase;
  /**
   * Kills every part of `npm start` at once and begins to start again.
   * @throws Error while the last one is not over.
   */
  powerCut(): Promise<void>;
  /** Waits until it is started again. @throws Error where it did not start in time. */
  settle(): Promise<void>;
  stop(): Promise<string>;
};

export type Part = "relay" | "edge" | "postgres";

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
  // Kept, since what the stack says of itself has holes while a part is started again.
  let { databaseUrl } = stack.local();
  /** While everything is being started again after a power cut. */
  let again: Promise<void> | null = null;
  const farMachines = join(folder, "far-machines");
  const far = await openFarSite({ stack, driver, folder, machines: farMachines });
  const foreign = await makeForeign(driver, farMachines, folder);
  await preparePool(stack, folder, stateDir);
  const installation = await installationIn(stateDir);
  const startAgain = async (): Promise<void> => {
    stack = await startStack({ ...options, targetSize: null }, AGAIN_SECONDS, SERVES);
    ({ databaseUrl } = stack.local());
    again = null;
  };
  const ground = groundOf(driver, installation, [join(stateDir, "machines"), farMachines]);
  const kept = new Kept(ground);
  const pidOf = (part: Part): number => {
    try {
      if (again === null) return stack.local().pids[part];
    } catch {
      // Told below.
    }
    throw new Error("it is just being started again");
  };
  const otherDatabase = new OtherDatabase({
    link: far.links.edgeToDatabase,
    databaseUrl: () => databaseUrl,
    serverPid: () => pidOf("postgres"),
    folder,
  });
  return {
    stack: () => stack,
    edges: () => (otherDatabase.isBehind ? [stack.app] : [stack.app, far.api]),
    databaseUrl: () => databaseUrl,
    pidOf,
    otherDatabase,
    far,
    foreign,
    ground,
    kept,
    async powerCut() {
      if (again !== null) throw new Error("it is just being started again");
      await stack.crash();
      again = startAgain();
      // Told when it is waited for.
      again.catch(() => undefined);
    },
    async settle() {
      await again;
    },
    async stop() {
      // The far node has machines to take down as well, so it goes last.
      const told = await stack.stop("sigterm");
      await far.stop();
      await foreign.remove();
      return told;
    },
  };
}

async function preparePool(stack: Stack, folder: string, stateDir: string): Promise<void> {
  const source = await writeStepRecipe(folder, STEP_SECONDS);
  const ran = await run("npx", ["warmpool", "recipe", "push", source, "--state-dir", stateDir]);
  if (ran.code !== 0) throw new Error(`recipe push ended with ${ran.code}: ${ran.stderr}`);
  const { targetSize, maxSize } = SIZES;
  await putPoolLike(stack.admin, POOL, { recipe: STEP_RECIPE, targetSize, maxSize, bootTimeoutSeconds: 60 });
}
