import { setTimeout as delay } from "node:timers/promises";
import type { WarmpoolClient } from "../client/index.ts";
import type { MachineView } from "../contract/machine.ts";
import type { PoolCondition, PoolView } from "../contract/pool.ts";
import { fairNow } from "../relay/time/fairTime.ts";
import { POOL_NAME } from "./prepare.ts";

const EVERY_MS = 500;
/** A hindrance younger than this is the start itself, and passes. */
const WORTH_TELLING_MS = 10_000;

/**
 * Tells how the pool fills, a line for every change, until it is full: as many machines claimable as its target, or as
 * its `maxSize` leaves beside those that testers hold.
 * @param patience for so many seconds of a quiet host it may be kept from filling, without end if null. Another try that
 *   begins does not end that; a machine more that can be claimed does.
 * @returns whether it is full
 */
export async function watchFill(
  admin: WarmpoolClient,
  say: (line: string) => void,
  signal: AbortSignal,
  patience: number | null,
  now: () => number = fairNow,
): Promise<boolean> {
  let last = "";
  let most = 0;
  let hinderedSince: number | null = null;
  for (;;) {
    const seen = await look(admin).catch(() => null);
    signal.throwIfAborted();
    if (seen !== null) {
      const line = describe(seen.pool, seen.machines);
      if (line !== last) say(line);
      last = line;
      if (isFull(seen.pool)) return true;
      if (seen.pool.claimable > most) hinderedSince = null;
      most = Math.max(most, seen.pool.claimable);
      const hindered = hindrance(seen.pool);
      if (patience !== null && hindered !== undefined) {
        // Said only after several in a row, each later than the one before: there is nothing to wait for.
        if (hindered.reason === "CreatesFailing") return false;
        hinderedSince ??= now();
        if (now() - hinderedSince >= patience * 1000) return false;
      }
    }
    await delay(EVERY_MS, undefined, { signal });
  }
}

async function look(admin: WarmpoolClient): Promise<{ pool: PoolView; machines: MachineView[] }> {
  const pool = await admin.pool.get.query({ name: POOL_NAME });
  const { items } = await admin.machine.list.query({ pool: POOL_NAME, state: "provisioning", limit: 500 });
  return { pool, machines: items };
}

function isFull({ spec, claimable, counts }: PoolView): boolean {
  return claimable >= Math.min(spec.targetSize, spec.maxSize - counts.assigned - counts.held);
}

/** `1 of 3 ready; 2 being created: cloning, booting`, and what keeps the pool from getting on where something does. */
export function describe(pool: PoolView, machines: Pick<MachineView, "phase">[]): string {
  const phases = machines.map((machine) => machine.phase ?? "queued").toSorted();
  const { assigned, suspect, held, deleting } = pool.counts;
  const others = Object.entries({ assigned, suspect, held, deleting })
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  const onTheirWay = phases.length === 0 ? [] : [`${phases.length} being created: ${phases.join(", ")}`];
  const stuck = hindrance(pool);
  return [
    `${pool.claimable} of ${pool.spec.targetSize} ready`,
    ...onTheirWay,
    ...others,
    ...(stuck === undefined ? [] : [stuck.message]),
  ].join("; ");
}

/** What has kept the pool from filling for longer than a start takes. */
function hindrance({ conditions }: PoolView): PoolCondition | undefined {
  return conditions.find(
    ({ type, status, since }) =>
      type === "Progressing" && !status && Date.now() - Date.parse(since) > WORTH_TELLING_MS,
  );
}
