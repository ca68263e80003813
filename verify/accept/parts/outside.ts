import type { Pool } from "../../harness/interface.ts";
import { type Context, type Part, POOL, started } from "../../harness/part.ts";
import { getPool, putPoolLike } from "../../harness/pools.ts";
import { makeKey } from "../../harness/sshClient.ts";
import { projectBounds } from "../outside/bounds.ts";
import { copies } from "../outside/copies.ts";
import { deadDaemon } from "../outside/deadDaemon.ts";
import { fullDisk } from "../outside/disk.ts";
import { readOnlyMachine, testersMachine } from "../outside/faults.ts";
import { Operator, type Scene } from "../outside/operator.ts";
import { type OwnProject, ownProject } from "../outside/project.ts";
import { rollout } from "../outside/rollout.ts";
import { noRowLies } from "../truth.ts";

/**
 * What people do with the Incus client to machines that are Warmpool's, and what testers do to theirs from inside: what
 * an operator then reads in `status`, `tester`, `doctor` and the metrics, and what helps. In a project of its own.
 */
const READY = 3;
const MOST = 5;
/** Sweeps are run where the story wants them: one that comes by itself would find a harm before a tester does. */
const BY_HAND = 3600;

export const outside: Part = {
  name: "outside",
  title: "What people do to machines behind Warmpool's back",
  show,
};

async function show(context: Context): Promise<void> {
  const { report, driver, folder } = context;
  if (driver !== "incus")
    return report.note(`left out on ${driver}: it is about what the Incus client can do`);
  const project = await report.check("an Incus project of its own, with profile and image", () =>
    ownProject(folder),
  );
  await inProject(context, project);
  await report.check("its project is gone again", () => project.remove());
}

async function inProject(context: Context, project: OwnProject): Promise<void> {
  const { report, folder } = context;
  const { stack, options } = await started(
    context,
    { targetSize: READY, sweepSeconds: BY_HAND },
    { WARMPOOL_INCUS_PROJECT: project.name, WARMPOOL_IMAGE: project.image },
  );
  await putPoolLike(stack.admin, POOL, { maxSize: MOST });
  const operator = new Operator(stack, options.stateDir, project.name);
  const scene: Scene = { report, stack, operator, folder };
  const own = await makeKey(folder, "own");

  const full = () =>
    operator.sweepUntil("the pool to be full", async () => isFull(await getPool(stack.admin, POOL)), 180);

  const copiesStay = await copies(scene, own);
  await testersMachine(scene, own);
  await copiesStay();
  await full();
  await readOnlyMachine(scene, own);
  await full();
  await rollout(scene, project.nextImage);
  await fullDisk(scene, own);
  await projectBounds(scene);
  await deadDaemon(scene, own);

  await report.check("no row lies", () => noRowLies(stack.admin, POOL));
  await report.check("SIGTERM ends it and tears every machine down", () => stack.stop("sigterm"));
}

function isFull({ counts }: Pool): boolean {
  const { ready, provisioning, suspect, deleting, held } = counts;
  if (ready === READY && provisioning + suspect + deleting + held === 0) return true;
  throw new Error(`it has ${JSON.stringify(counts)}`);
}
