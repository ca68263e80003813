import { ADMIN_TOKEN, startEdge } from "../api/edges.ts";
import { createClient } from "../../src/client/index.ts";
import type { WarmpoolClient } from "../../src/client/index.ts";
import type { PoolSpecInput } from "../../src/contract/pool.ts";
import type { Db } from "../../src/db/client.ts";
import { testDb } from "../helpers/db.ts";
import { makeWorld } from "../helpers/world.ts";
import type { StandInRelay } from "../helpers/world.ts";

/** The real API over a database of the test's own; the test is the relay. */
export type Installation = AsyncDisposable & {
  url: string;
  client: WarmpoolClient;
  relay: StandInRelay;
  db: Db;
};

/** With a pool `demo` whose machines are ready. */
export async function installation(spec: Partial<PoolSpecInput> = {}): Promise<Installation> {
  const database = await testDb();
  const relay = await makeWorld(database.db, { targetSize: 1, maxSize: 2, ...spec });
  await relay.workOff();
  const edge = await startEdge("node", database.url);
  return {
    url: edge.url,
    relay,
    db: database.db,
    client: createClient({ url: edge.url, token: ADMIN_TOKEN }),
    [Symbol.asyncDispose]: async () => {
      await edge[Symbol.asyncDispose]();
      await database.close();
    },
  };
}
