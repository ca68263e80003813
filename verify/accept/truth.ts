import { hostKeyAt } from "../harness/sshClient.ts";
import { listMachines } from "../harness/pools.ts";
import type { Machine } from "../harness/interface.ts";
import type { Rpc } from "../harness/rpc.ts";

/**
 * Whether the rows say what is: where a row is a machine to log in to, its own host key answers; where a row is
 * deleted, that key answers nowhere any more.
 * @returns what was looked at. @throws Error naming each row that lies.
 */
export async function noRowLies(admin: Rpc, pool: string): Promise<string> {
  const rows = [...(await listMachines(admin, pool)), ...(await listMachines(admin, pool, "deleted"))];
  const lies: string[] = [];
  for (const row of rows) {
    const { host, port, hostKey } = row;
    if (host === null || port === null || hostKey === null) continue;
    const answers = (await hostKeyAt(host, port)) === hostKey.key;
    if (answers !== shouldAnswer(row))
      lies.push(`${row.name} is ${row.state}, its key ${answers ? "answers" : "is silent"}`);
  }
  if (lies.length > 0) throw new Error(lies.join("\n"));
  return `${rows.length} rows compared with what answers at their addresses`;
}

function shouldAnswer({ state }: Machine): boolean {
  if (state === "ready" || state === "assigned") return true;
  if (state === "deleted") return false;
  throw new Error(`a machine is still ${state}: nothing should be under way any more`);
}
