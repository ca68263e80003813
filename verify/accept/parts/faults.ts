import { until } from "../../../test/helpers/until.ts";
import { inflict } from "../faults.ts";
import { anything, type Machine, machine } from "../../harness/interface.ts";
import { type Context, type Part, POOL, started } from "../../harness/part.ts";
import { listMachines, untilFull } from "../../harness/pools.ts";
import type { Rpc } from "../../harness/rpc.ts";
import { noRowLies } from "../truth.ts";

/** Machines that die under a pool: noticed in one sweep, given up in two, replaced. */
// Two dead ones must be no majority, or the pool would suspect the node instead.
const READY = 6;
/** A dead machine is asked 3 times, 4 s each. */
const PROBE_SECONDS = 30;
const REPLACED_SECONDS = 60;

export const faults: Part = { name: "faults", title: "Machines die and are replaced", show };

async function show(context: Context): Promise<void> {
  const { report, driver } = context;
  const { stack } = await started(context, { targetSize: READY, sweepSeconds: 3600 });
  const { admin } = stack;
  await report.check(
    `${READY} machines are ready`,
    async () => void (await untilFull(admin, POOL, READY, 60)),
  );

  const [killed, frozen] = await listMachines(admin, POOL, "ready");
  if (killed === undefined || frozen === undefined) throw new Error("there are no two ready machines");
  const victims = [killed, frozen];
  await inflict("killed", driver, killed);
  await inflict("frozen", driver, frozen);
  report.note(`${killed.name} was killed, ${frozen.name} frozen`);

  await report.check("one sweep: both are suspect", () => sweptInto(admin, victims, ["suspect"]));
  await report.check("two sweeps: both are deleting, or gone already", () =>
    sweptInto(admin, victims, ["deleting", "deleted"]),
  );
  await report.check("without another sweep both are proven gone, and replaced", async () => {
    await untilFull(admin, POOL, READY, REPLACED_SECONDS);
    for (const victim of victims) {
      const { state, receipt } = await admin.query("machine.get", { id: victim.id }, machine);
      if (state !== "deleted" || receipt === null) throw new Error(`${victim.name} is ${state}`);
    }
  });
  await report.check("no row lies", () => noRowLies(admin, POOL));
  await report.check("SIGTERM ends it and tears every machine down", () => stack.stop("sigterm"));
}

/** Runs a sweep, waits until its probe has been answered, and compares. @returns the causes that were found. */
async function sweptInto(admin: Rpc, victims: Machine[], states: Machine["state"][]): Promise<string> {
  const look = () =>
    Promise.all(victims.map((victim) => admin.query("machine.get", { id: victim.id }, machine)));
  const before = new Map((await look()).map((row) => [row.id, row.lastProbe?.at]));
  await admin.mutate("sweep.run", undefined, anything);
  const rows = await until(
    "the sweep's probe to be answered",
    async () => {
      const now = await look();
      return now.every((row) => row.state === "deleted" || row.lastProbe?.at !== before.get(row.id)) && now;
    },
    { seconds: PROBE_SECONDS, everyMs: 100 },
  );
  const wrong = rows.filter((row) => !states.includes(row.state));
  if (wrong.length > 0) {
    const told = wrong.map((row) => `${row.name} is ${row.state} (${row.lastProbe?.cause ?? "no cause"})`);
    throw new Error(told.join("\n"));
  }
  return rows.map((row) => `${row.name}: ${row.lastProbe?.cause ?? "gone"}`).join("; ");
}
