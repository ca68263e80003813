import { sql } from "drizzle-orm";
import { expect, onTestFailed } from "vitest";
import type { Assignment } from "../../../src/client/index.ts";
import { rows } from "../../../src/db/client.ts";
import { seeded, shuffled } from "../../helpers/random.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { KEY_A, specOf } from "../../helpers/world.ts";
import { inflict } from "../../../verify/accept/faults.ts";
import { proxyTo, type Proxy } from "../helpers/proxy.ts";
import { type System, system } from "../helpers/system.ts";
import { BOOT, expectEachEndedOnce, expectWholeLog, recipeOf, STEPS } from "./ordealRecipe.ts";

/**
 * Everything that can break under a set-up breaks: the machine that was claimed does not answer, and is swapped; then, at
 * moments by chance, relays die, the lease moves to another host's relay, connections are reset or just fall silent, the
 * machine is switched off and on. The tester sees a set-up that goes on. The steps of the recipe note on the machine what they do.
 */
export type Ordeal = {
  driver: "local" | "incus";
  /** What the recipe takes where nobody disturbs it. */
  seconds: number;
  /** Of the relay, by kill -9; another one is started at once. */
  kills: number;
  /** Of the lease to a relay with another folder, which supersedes the one that had it. */
  moves: number;
  /** Of the relay's connection to the machine: resets, and connections that stop forwarding with both ends open. */
  resets: number;
  freezes: number;
  seed: number;
};

/** The same faults at the same moments, unless another one is asked for. */
export const SEED = Number(process.env["ORDEAL_SEED"] ?? 334_250_121);

const USERNAME = "alice";

export async function survives(ordeal: Ordeal): Promise<void> {
  onTestFailed(() => console.error(`the ordeal: ${JSON.stringify(ordeal)}`));
  await using under = await system({ driver: ordeal.driver, detour: true });
  const { client } = under;
  await client.recipe.put.mutate(recipeOf(ordeal));
  await client.pool.put.mutate(
    specOf({
      targetSize: 2,
      maxSize: 2,
      recipe: "ordeal",
      image: ordeal.driver === "incus" ? "warmpool-debian" : "local",
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
    }),
  );
  under.startRelay();
  const made = await until("two machines' rows", async () => {
    const found = await rows<{ port: number }>(under.db, sql`select port from machines order by number`);
    return found.length === 2 && found;
  });
  await using proxies = await proxiesTo(made.map(({ port }) => port));
  const ready = await under.ready(2);
  // By the database's own clock: two may be ready within the millisecond that the API shows.
  const longest = sql`select id from machines where state = 'ready' order by ready_at limit 1`;
  const nextId = (await rows<{ id: string }>(under.db, longest))[0]?.id;
  const claimed = ready.find(({ id }) => id === nextId);
  const machine = ready.find(({ id }) => id !== nextId);
  const access = machine?.access;
  if (machine?.hostKey == null || access == null || claimed?.access == null)
    throw new Error("there are no two machines");
  expect(machine).toMatchObject({ host: "127.0.0.2", access: { host: "127.0.0.1", port: machine.port } });
  const direct = { ...access, hostKey: machine.hostKey };
  const proxy = proxies.of(access.port);

  await inflict("frozen", ordeal.driver, { name: claimed.name, ...claimed.access });
  await client.tester.assign.mutate({ username: USERNAME, sshKeys: [KEY_A] });
  expect(await client.tester.status.query({ username: USERNAME })).toMatchObject({
    machine: { id: claimed.id },
  });
  const watch = watchProgress(under, ordeal.seconds * 3 + 90);
  await until("the first step", () => (watch.seen.at(-1)?.step ?? 0) >= 2, { seconds: 60 });
  const boot = await under.read(direct, BOOT[ordeal.driver]);
  await inflictAll(ordeal, under, proxy, machine.name);
  expect(watch.seen.at(-1)).toMatchObject({ steps: STEPS.length + 2 });
  expect((await client.tester.status.query({ username: USERNAME })).state).toBe("setting_up");
  await until("the machine to be told to go on", async () => {
    await under.read(direct, "touch /root/go");
    return true;
  });

  expect(await watch.end).toMatchObject({
    state: "active",
    error: null,
    swaps: 1,
    machine: { id: machine.id },
  });
  expectForwardOnly(watch.seen);
  expect(watch.complaints).toEqual([]);
  const trace = (await under.read(direct, "cat /root/trace")).split("\n").map((line) => line.split(" "));
  const now = await under.read(direct, BOOT[ordeal.driver]);
  expect(now).not.toBe(boot);
  expectEachEndedOnce(trace, boot, now);
  await expectWholeLog(under, USERNAME, trace, await under.read(direct, "cat /var/lib/warmpool/setup/*/log"));
  const setups = await rows(
    under.db,
    sql`select machine, attempt, state from operations where kind = 'setup' order by created_at`,
  );
  // A relay that was slow itself gives a set-up back, and does not say that the machine was out of reach.
  expect(setups).toEqual([
    { machine: claimed.id, attempt: expect.any(Number), state: "failed" },
    { machine: machine.id, attempt: ordeal.kills + ordeal.moves + 1, state: "succeeded" },
  ]);
}

/** One before each machine, on the same port of the address that the relay dials. */
async function proxiesTo(ports: readonly number[]): Promise<AsyncDisposable & { of(port: number): Proxy }> {
  const proxies = new Map<number, Proxy>();
  for (const port of ports) proxies.set(port, await proxyTo(port, port, "127.0.0.2"));
  return {
    of: (port) => {
      const found = proxies.get(port);
      if (found === undefined) throw new Error(`there is no proxy to port ${port}`);
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
    },
  };
}

type Setup = NonNullable<Assignment["setup"]>;

/** Looks all the time at how far the set-up is said to be; `complaints` are what the tester was told besides. */
function watchProgress(
  { client }: System,
  seconds: number,
): { seen: Setup[]; complaints: string[]; end: Promise<Assignment> } {
  const seen: Setup[] = [];
  const complaints: string[] = [];
  const look = async (): Promise<Assignment | false> => {
    const now = await client.tester.status.query({ username: USERNAME });
    if (now.setup !== null) seen.push(now.setup);
    if (now.state === "setting_up" && now.error !== null) complaints.push(now.error.message);
    return now.state !== "setting_up" && now;
  };
  const end = until("the set-up to end", look, { seconds, everyMs: 50 });
  end.catch(() => undefined);
  return { seen, complaints, end };
}

async function inflictAll(ordeal: Ordeal, under: System, proxy: Proxy, machine: string): Promise<void> {
  const random = seeded(ordeal.seed);
  let taken = 0;
  // One that had not taken the set-up yet would be no death, and no move, in the middle of it.
  const untilTaken = async (): Promise<void> => {
    taken += 1;
    await until("the relay to have the set-up", async () => {
      const held = sql`select 1 from operations where kind = 'setup' and state = 'leased' and attempt >= ${taken}`;
      return (await rows(under.db, held)).length > 0;
    });
  };
  const killRelay = async (): Promise<void> => {
    await untilTaken();
    await under.killRelay();
    under.startRelay();
  };
  const moveLease = async (): Promise<void> => {
    await untilTaken();
    await under.startRelayElsewhere();
  };
  const reset = () => until("a connection to reset", () => proxy.cut() > 0);
  const freeze = () => until("a connection to freeze", () => proxy.freeze() > 0);
  const powerCycle = async (): Promise<void> => {
    await under.driver.stop(machine, deadline(60));
    await under.driver.start(machine, deadline(60));
  };
  const faults = shuffled<() => Promise<unknown>>(
    [
      ...Array.from({ length: ordeal.kills }, () => killRelay),
      ...Array.from({ length: ordeal.moves }, () => moveLease),
      ...Array.from({ length: ordeal.resets }, () => reset),
      ...Array.from({ length: ordeal.freezes }, () => freeze),
      powerCycle,
    ],
    random,
  );
  const moments = faults.map(() => random() * 0.8 * ordeal.seconds * 1000).toSorted((a, b) => a - b);
  const begun = performance.now();
  for (const [index, fault] of faults.entries()) {
    const at = begun + (moments[index] ?? 0);
    await until("the next moment", () => performance.now() >= at, { seconds: ordeal.seconds });
    await fault();
  }
  // Where the last one was a move, the relay before it could still come to the end of the set-up.
  await untilTaken();
}

function expectForwardOnly(seen: Setup[]): void {
  const places = seen.map(({ step, percent }) => step * 1000 + percent);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(new Set(places).size).toBeGreaterThan(STEPS.length);
}
