import { ADMIN_TOKEN, startEdge } from "../api/edges.ts";
import { createClient } from "../../src/client/index.ts";
import type { WarmpoolClient } from "../../src/client/index.ts";
import type { PoolSpecInput } from "../../src/contract/pool.ts";
import type { Db } from "../../src/db/client.ts";
import { furnishedTemplate, testDb } from "../helpers/db.ts";
import { makeWorld, reopenRelay } from "../helpers/world.ts";
import type { StandInRelay } from "../helpers/world.ts";

/** The real API over a database of the test's own; the test is the relay. */
export type Installation = AsyncDisposable & {
  url: string;
  client: WarmpoolClient;
  relay: StandInRelay;
  db: Db;
};

const filled = (spec: Partial<PoolSpecInput>) =>
  furnishedTemplate(async (db) => {
    const relay = await makeWorld(db, { targetSize: 1, maxSize: 2, ...spec });
    await relay.workOff();
  });
const templates = new Map<string, () => Promise<string>>();

/** With a pool `demo` whose machines are ready. */
export async function installation(spec: Partial<PoolSpecInput> = {}): Promise<Installation> {
  const key = JSON.stringify(spec);
  const template = templates.get(key) ?? filled(spec);
  templates.set(key, template);
  const database = await testDb({}, await template());
  const relay = await reopenRelay(database.db);
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
