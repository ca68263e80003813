import { expect, test } from "vitest";
import { connect, type Connection } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { migrate } from "../../src/db/migrate.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { movingAddress } from "../helpers/movingAddress.ts";
import { isNight } from "../helpers/nightly.ts";
import { type Replicated, saying, startReplicated } from "../helpers/replicated.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";
import { APP, KEY_A, makeWorld } from "../helpers/world.ts";

/** Each asks for a machine of their own, over and over until they are told of one. */
const TESTERS = 8;
const QUIET_MS = 2000;
const READ_ONLY = "alter system set default_transaction_read_only = on";

async function furnish(url: string): Promise<void> {
  await migrate(url);
  const connection = connect(url);
  await makeWorld(connection.db);
  await connection.close();
}

/** Testers who ask over and over, each time for somebody new, until the load ends. */
type Load = AsyncDisposable & {
  /** Who was given an assignment: the answer is a promise. */
  told: string[];
  /** When somebody was refused. */
  refusedAt: number[];
};

function assigning(connection: Connection): Load {
  const over = new AbortController();
  const told: string[] = [];
  const refusedAt: number[] = [];
  let asked = 0;
  const ask = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const username = `t${(asked += 1)}`;
      try {
        await assign(connection, { username, sshKeys: [KEY_A] }, APP);
        told.push(username);
      } catch {
        refusedAt.push(performance.now());
        // Who is refused asks again in a moment.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const testers = Array.from({ length: TESTERS }, ask);
  return {
    told,
    refusedAt,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.all(testers);
    },
  };
}

/** Kept sessions would be refused for as long as they live, half an hour at least. */
async function refusalsEnd({ told, refusedAt }: Load, what: string): Promise<void> {
  const upAt = performance.now();
  const before = told.length;
  await until(
    "refusals to end",
    () => told.length > before + 4 * TESTERS && (refusedAt.at(-1) ?? 0) < performance.now() - QUIET_MS,
    { seconds: 15 },
  );
  const late = refusedAt.filter((at) => at > upAt).map((at) => at - upAt);
  console.log(
    `${what}: ${told.length} told, ${refusedAt.length} refused in all, ${late.length} after the new primary ` +
      `was up, the last ${Math.max(0, ...late).toFixed(0)} ms after it`,
  );
}

/** @returns who was told of an assignment that is not in this database. */
async function lostIn(url: string, told: readonly string[]): Promise<string[]> {
  const kept = await saying<{ username: string }>(url, "select username from assignments");
  const names = new Set(kept.map(({ username }) => username));
  return told.filter((username) => !names.has(username));
}

/** The pair, an address that leads to the primary until it is moved, and the server's connection through it. */
async function servedBy(pair: Replicated) {
  const address = await movingAddress(pair.primary.port);
  const url = pair.primary.url.replace(`:${pair.primary.port}/`, `:${address.port}/`);
  const connection = connect(url, { max: 4, link: directLink(url) });
  return {
    address,
    connection,
    [Symbol.asyncDispose]: async () => {
      await connection.close(0);
      await address[Symbol.asyncDispose]();
    },
  };
}

test.runIf(isNight).each(["turns read-only", "is gone"] as const)(
  "A7 a promotion under load, and the old primary %s: assigns are made again at once, and none is lost",
  async (fate) => {
    await using folder = await temporaryFolder();
    await using pair = await startReplicated(folder.path, furnish);
    await using served = await servedBy(pair);
    await using load = assigning(served.connection);
    const { told, refusedAt } = load;
    await until("assigns to be made", () => told.length > 2 * TESTERS);
    // An operator fences the old one first: what it takes after the last that the standby has would be lost.
    await saying(pair.primary.url, READ_ONLY);
    await saying(pair.primary.url, "select pg_reload_conf()");
    await until("assigns to be refused, and none to be made", async () => {
      const before = told.length;
      const refused = refusedAt.length;
      await until("refusals", () => refusedAt.length > refused + TESTERS);
      return told.length === before;
    });
    await pair.promote();
    served.address.moveTo(pair.standby.port);
    if (fate === "is gone") await pair.primary[Symbol.asyncDispose]();
    await refusalsEnd(load, fate);
    await load[Symbol.asyncDispose]();
    expect(await lostIn(pair.standby.url, told)).toEqual([]);
  },
);

test.runIf(isNight)(
  "A7 the primary is killed under load, its standby is synchronous: assigns are made again within seconds, and none is lost",
  async () => {
    await using folder = await temporaryFolder();
    await using pair = await startReplicated(folder.path, furnish);
    await pair.synchronous();
    await using served = await servedBy(pair);
    await using load = assigning(served.connection);
    await until("assigns to be made", () => load.told.length > 4 * TESTERS);
    await pair.lose();
    served.address.moveTo(pair.standby.port);
    await refusalsEnd(load, "is killed");
    await load[Symbol.asyncDispose]();
    expect(await lostIn(pair.standby.url, load.told)).toEqual([]);
  },
);
