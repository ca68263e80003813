import { until } from "../../test/helpers/until.ts";
import { type Assignment, assignment } from "../harness/interface.ts";
import { POOL } from "../harness/part.ts";
import { putPoolLike } from "../harness/pools.ts";
import { run } from "../harness/program.ts";
import type { Rpc } from "../harness/rpc.ts";
import { type Key, ssh } from "../harness/sshClient.ts";
import { checkNotes, NOTES, STEP_RECIPE, writeStepRecipe } from "../harness/stepRecipe.ts";

/** Set-ups with the recipe that keeps count, from the outside. */
const ACTIVE_SECONDS = 90;

/** Pushes the recipe by the command line, and has the pool take it. */
export async function useStepRecipe(
  admin: Rpc,
  folder: string,
  stateDir: string,
  changes: Record<string, unknown>,
): Promise<void> {
  const source = await writeStepRecipe(folder);
  const ran = await run("npx", ["warmpool", "recipe", "push", source, "--state-dir", stateDir]);
  if (ran.code !== 0) throw new Error(`recipe push ended with ${ran.code}: ${ran.stderr}`);
  await putPoolLike(admin, POOL, { recipe: STEP_RECIPE, ...changes });
}

export function statusOf(app: Rpc, username: string): Promise<Assignment> {
  return app.query("tester.status", { username }, assignment);
}

export async function becomesActive(app: Rpc, username: string): Promise<void> {
  await until(
    `${username}'s assignment to be active`,
    async () => {
      const { state, error, setup } = await statusOf(app, username);
      if (state === "active") return true;
      throw new Error(`it is ${state}: ${error?.message ?? JSON.stringify(setup)}`);
    },
    { seconds: ACTIVE_SECONDS, everyMs: 200 },
  );
}

/** @throws Error where the machine is not the tester's, or a step has not run exactly once on it. */
export async function readNotes(app: Rpc, username: string, key: Key): Promise<void> {
  const { machine } = await statusOf(app, username);
  if (machine === null) throw new Error(`${username} has no machine`);
  const read = await ssh(machine, username, key, `cat ${NOTES}`);
  if (read.code !== 0) throw new Error(`ssh ended with ${read.code}: ${read.stderr}`);
  checkNotes(read.stdout);
}
