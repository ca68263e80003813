import type { QueryClient } from "@tanstack/react-query";
import type { MachineView } from "../../contract/machine.ts";
import { server } from "./client.ts";
import { queries } from "./queries.ts";
import type { Stale } from "./topics.ts";

/**
 * Keeps the list of all machines up to date without reading it anew: of 2,000 machines a few change a second, and the
 * whole list is megabytes.
 */
export async function refreshMachines(client: QueryClient, { machines, making }: Stale): Promise<void> {
  const { queryKey } = queries.machines();
  const known = client.getQueryData(queryKey);
  if (known === undefined) return;
  if (machines === null) {
    await client.invalidateQueries({ queryKey });
    return;
  }
  try {
    const changed = await Promise.all([
      ...[...machines].map((id) => server.machine.get.query({ id })),
      ...[...making].map(
        async (pool) => (await server.machine.list.query({ pool, state: "provisioning", limit: 500 })).items,
      ),
    ]);
    const fresh = changed.flat();
    if (fresh.length > 0) client.setQueryData(queryKey, (before) => merged(before ?? [], fresh));
  } catch {
    // Whatever could not be read one by one is read with all the others.
    await client.invalidateQueries({ queryKey });
  }
}

/** The list with these in place of what it knew of them; those that are gone leave it. */
export function merged(before: readonly MachineView[], fresh: readonly MachineView[]): MachineView[] {
  const byId = new Map(fresh.map((machine) => [machine.id, machine]));
  const known = new Set(before.map(({ id }) => id));
  return [
    ...fresh.filter(({ id }) => !known.has(id)),
    ...before.map((machine) => byId.get(machine.id) ?? machine),
  ].filter(({ state }) => state !== "deleted");
}
