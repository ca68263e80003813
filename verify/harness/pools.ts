import { until } from "../../test/helpers/until.ts";
import { type Machine, machines, type Pool, pool } from "./interface.ts";
import type { Rpc } from "./rpc.ts";

/** Looks at a pool and changes it, as its admin. */
export function getPool(admin: Rpc, name: string): Promise<Pool> {
  return admin.query("pool.get", { name }, pool);
}

/** Puts the pool again with some of its spec changed; with another name it is another pool like it. */
export async function putPoolLike(admin: Rpc, name: string, changes: Record<string, unknown>): Promise<Pool> {
  const { spec } = await getPool(admin, name);
  return admin.mutate("pool.put", { ...spec, ...changes }, pool);
}

/** Waits until so many machines are ready, and nothing else is on its way up or down. */
export function untilFull(admin: Rpc, name: string, ready: number, seconds: number): Promise<Pool> {
  return until(
    `pool ${name} to have ${ready} ready and nothing under way`,
    async () => {
      const found = await getPool(admin, name);
      const { counts } = found;
      const underWay = counts.provisioning + counts.deleting + counts.suspect;
      if (counts.ready === ready && underWay === 0) return found;
      throw new Error(`it has ${JSON.stringify(counts)}`);
    },
    { seconds, everyMs: 100 },
  );
}

/** Every machine of the pool: those not proven gone, or the deleted ones. */
export async function listMachines(admin: Rpc, name: string, state?: Machine["state"]): Promise<Machine[]> {
  const input = { pool: name, limit: 500, ...(state === undefined ? {} : { state }) };
  return (await admin.query("machine.list", input, machines)).items;
}
