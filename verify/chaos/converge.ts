import { readFileSync } from "node:fs";
import { assignments } from "../harness/interface.ts";
import { POOL } from "../harness/part.ts";
import { getPool, listMachines } from "../harness/pools.ts";
import { processesOf } from "../../scripts/leash/belonging.ts";
import { until } from "../../test/helpers/until.ts";
import { SIZES, type System } from "./system.ts";
import type { Testers } from "./testers.ts";

/** How long a system gets to be whole again, once nothing harms it any more. */
export const CONVERGE_SECONDS = 300;

/**
 * Waits until the pool is full, everybody who asked has a machine that works, and nothing is under way.
 * @returns what that is. @throws Error with what is still missing at the deadline.
 */
export async function untilWhole(system: System, testers: Testers): Promise<string> {
  return until(
    "the pool to be full and everybody served",
    async () => {
      const underWay = await testers.settle();
      const { admin, app } = system.stack();
      const { counts, waiting } = await getPool(admin, POOL);
      const busy = counts.provisioning + counts.deleting + counts.suspect + counts.held;
      if (underWay + waiting + busy > 0 || counts.ready !== SIZES.targetSize)
        throw new Error(
          `it has ${JSON.stringify(counts)}, ${waiting} wait, ${underWay} testers are not served`,
        );
      const { items } = await app.query(
        "tester.list",
        { pool: POOL, state: "active", limit: 500 },
        assignments,
      );
      if (items.length !== counts.assigned)
        throw new Error(`${items.length} assignments are active, ${counts.assigned} machines assigned`);
      return `${counts.ready} ready, ${items.length} with testers`;
    },
    { seconds: CONVERGE_SECONDS, everyMs: 500 },
  );
}

/** @throws Error naming what stands without a live row, and what has a live row and does not stand. */
export async function rowsAreWhatStands(system: System): Promise<string> {
  const rows = new Set((await listMachines(system.stack().admin, POOL)).map(({ name }) => name));
  const standing = new Set(await system.kept.standing());
  const lies = [
    ...[...standing].filter((name) => !rows.has(name)).map((name) => `${name} stands and has no live row`),
    ...[...rows].filter((name) => !standing.has(name)).map((name) => `${name} has a row and does not stand`),
  ];
  if (lies.length > 0) throw new Error(lies.join("\n"));
  return `${rows.size} machines`;
}

/** What ends by itself, a database's last process say, gets so long to do it. */
const SETTLE_SECONDS = 10;

/** @throws Error naming what still runs, is mounted or stands although everything was stopped. */
export async function nothingIsLeft(system: System, folder: string): Promise<void> {
  await until(
    "all of it to be gone",
    async () => {
      const running = processesOf(folder).map(({ pid, command }) => `process ${pid}: ${command}`);
      const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
      const left = [
        ...running,
        ...mounts.filter((line) => line.includes(folder)).map((line) => `mount ${line}`),
        ...(await system.kept.standing()).map((name) => `machine ${name}`),
      ];
      if (left.length > 0) throw new Error(left.join("\n"));
      return true;
    },
    { seconds: SETTLE_SECONDS, everyMs: 250 },
  );
}
