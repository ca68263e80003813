import { CliError, EXIT } from "../terminal/exit.ts";
import { ifAllowed } from "./allowed.ts";
import type { Session } from "./session.ts";

/**
 * For a list that came back empty: a filter with a typo must not read as "there are none". Asks nothing if no filter
 * names a pool or a node, and assumes that they exist if the token may not list them.
 * @throws CliError (not found) if the pool or the node does not exist
 */
export async function expectNamed(
  { client }: Pick<Session, "client">,
  { pool, node }: { pool?: string; node?: string },
): Promise<void> {
  if (pool !== undefined) refuseUnknown("pool", pool, await ifAllowed(client.pool.list.query()));
  if (node !== undefined) refuseUnknown("node", node, await ifAllowed(client.node.list.query()));
}

function refuseUnknown(kind: "pool" | "node", name: string, all: { name: string }[] | null): void {
  if (all === null || all.some((one) => one.name === name)) return;
  throw new CliError(EXIT.notFound, `there is no ${kind} ${name}.`, `\`warmpool ${kind} list\` lists them.`);
}
