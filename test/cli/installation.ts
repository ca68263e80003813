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

/** What else an installation has, done once for all that have the same. */
export type Furnish = (client: WarmpoolClient, relay: StandInRelay) => Promise<void>;

const filled = (spec: Partial<PoolSpecInput>, furnish: Furnish) =>
  furnishedTemplate(async (db, url) => {
    const relay = await makeWorld(db, { targetSize: 1, maxSize: 2, ...spec });
    await relay.workOff();
    if (furnish === NOTHING_ELSE) return;
    await using edge = await startEdge("node", url);
    await furnish(createClient({ url: edge.url, token: ADMIN_TOKEN }), relay);
  });
const NOTHING_ELSE: Furnish = async () => undefined;
const templates = new Map<Furnish, Map<string, () => Promise<string>>>();

/** With a pool `demo` whose machines are ready. */
export async function installation(
  spec: Partial<PoolSpecInput> = {},
  furnish: Furnish = NOTHING_ELSE,
): Promise<Installation> {
  const furnished = templates.get(furnish) ?? new Map<string, () => Promise<string>>();
  templates.set(furnish, furnished);
  const key = JSON.stringify(spec);
  const template = furnished.get(key) ?? filled(spec, furnish);
  furnished.set(key, template);
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
