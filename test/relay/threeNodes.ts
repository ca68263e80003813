import { sql } from "drizzle-orm";
import { expect } from "vitest";
import type { PoolSpecInput } from "../../src/contract/pool.ts";
import { rows } from "../../src/db/client.ts";
import { REASONS } from "../../src/domain/core/reasons.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, RECIPE, specOf } from "../helpers/world.ts";
import { type Fleet, fleet, type NodeKind } from "./helpers/fleet.ts";

/**
 * Three nodes that are not alike, two pools on them, and testers who come and go while a node is drained, another one
 * is lost and comes back. What always holds is asked after every step, and every decision has to have said why.
 */
const SMALL = { driver: "exec", machinesAtMost: 3 } as const;

/** @param other the kind of the third node, and the image that its machines are made of */
export async function threeNodes(other: NodeKind, image: string): Promise<void> {
  await using under = await fleet({ big: { driver: "local" }, small: SMALL, other });
  const { client } = under;
  const shape = { vcpus: 1, memoryMib: 256, diskGib: 1 };
  const spec = { image, shape, recipe: RECIPE.name };
  await client.recipe.put.mutate(RECIPE);
  await online(under, "big", "small", "other");
  await put(under, { ...spec, name: "red", targetSize: 4, maxSize: 12 });
  await put(under, {
    ...spec,
    name: "blue",
    targetSize: 2,
    maxSize: 4,
    nodes: ["small", "big"],
    placement: "pack",
  });
  await filled(under, { red: 4, blue: 2 });
  expect(await nodesOf(under, "red"), "spread").toEqual(["big", "other", "small"]);
  expect(await nodesOf(under, "blue"), "packed where it is tightest").toContain("small");

  for (const [username, pool] of [
    ["alice", "red"],
    ["bob", "red"],
    ["carol", "blue"],
  ] as const)
    await client.tester.assign.mutate({ username, pool, sshKeys: [KEY_A] });
  for (const username of ["alice", "bob"]) await active(under, username, "red");
  await active(under, "carol", "blue");
  await filled(under, { red: 4, blue: 2 });

  await client.node.drain.mutate({ name: "small" });
  await until(
    "what is ready on the drained node to be replaced elsewhere",
    async () => {
      await client.sweep.run.mutate();
      const { items } = await client.machine.list.query({ node: "small" });
      return items.every(({ state }) => state === "assigned");
    },
    { seconds: 90, everyMs: 200 },
  );
  await filled(under, { red: 4, blue: 2 });
  for (const [username, pool] of [
    ["alice", "red"],
    ["bob", "red"],
    ["carol", "blue"],
  ] as const)
    expect(await client.tester.status.query({ username, pool })).toMatchObject({ state: "active" });

  await under.relays["other"]?.kill();
  await under.db.execute(
    sql`update nodes set last_seen_at = last_seen_at - interval '2 minutes' where name = 'other'`,
  );
  const lost = (await client.machine.list.query({ node: "other" })).items.map(({ id }) => id);
  await filled(under, { red: 4, blue: 2 });
  await client.tester.release.mutate({ username: "bob", pool: "red" });
  const { assignment } = await client.tester.assign.mutate({
    username: "dave",
    pool: "red",
    sshKeys: [KEY_A],
  });
  expect(lost, "nobody gets a machine of a node that is not heard").not.toContain(assignment.machine?.id);
  await active(under, "dave", "red");

  under.relays["other"]?.start();
  await online(under, "other");
  await client.node.resume.mutate({ name: "small" });
  await until(
    "the pools to have what they should, and no more",
    async () => {
      await client.sweep.run.mutate();
      await invariants(under);
      const [blue, red] = await client.pool.list.query();
      return blue?.claimable === 2 && red?.claimable === 4;
    },
    { seconds: 120, everyMs: 300 },
  );
  await everyDecisionIsExplained(under);
}

const put = ({ client }: Fleet, spec: Partial<PoolSpecInput>) => client.pool.put.mutate(specOf(spec));

/** And have said what room they have: until then they are taken where nothing is known to be better. */
async function online({ client }: Fleet, ...names: string[]): Promise<void> {
  await until(
    `${names.join(", ")} to be online and counted`,
    async () => {
      const nodes = (await client.node.list.query()).filter(({ name }) => names.includes(name));
      const counted = nodes.filter(({ state, inventory }) => state === "online" && inventory !== null);
      return counted.length === names.length;
    },
    { seconds: 30, everyMs: 100 },
  );
}

async function filled(under: Fleet, ready: Record<string, number>): Promise<void> {
  await until(
    "the pools to be full",
    async () => {
      await under.client.sweep.run.mutate();
      await invariants(under);
      const pools = await under.client.pool.list.query();
      const have = Object.fromEntries(pools.map(({ name, claimable }) => [name, claimable]));
      if (Object.entries(ready).every(([name, count]) => (have[name] ?? 0) >= count)) return true;
      throw new Error(`ready are ${JSON.stringify(have)}`);
    },
    { seconds: 90, everyMs: 200 },
  );
}

async function active({ client }: Fleet, username: string, pool: string): Promise<void> {
  await until(
    `${username} to be active`,
    async () => {
      const { state, error } = await client.tester.status.query({ username, pool });
      if (state === "active") return true;
      throw new Error(`it is ${state}: ${error?.message ?? ""}`);
    },
    { seconds: 60, everyMs: 100 },
  );
}

async function nodesOf({ client }: Fleet, pool: string): Promise<string[]> {
  const { items } = await client.machine.list.query({ pool });
  return [...new Set(items.map(({ node }) => node))].toSorted();
}

/** I1 to I6 of docs/requirements.md as far as rows can show them, and the limit of the small node. */
async function invariants({ db }: Fleet): Promise<void> {
  const broken = await rows<{ what: string }>(
    db,
    sql`
    select 'two testers on a machine' as what from assignments where state <> 'released' and machine is not null
      group by machine having count(*) > 1
    union all select 'two machines of a tester' from assignments where state <> 'released'
      group by pool, username having count(*) > 1
    union all select 'more than maxSize in ' || p.name from pools p join machines m on m.pool = p.name and m.state <> 'deleted'
      group by p.name, p.max_size having count(*) > p.max_size
    union all select 'more than fit on the small node' from machines where node = 'small' and state <> 'deleted'
      having count(*) > ${SMALL.machinesAtMost}
    union all select 'blue on a node that is not its own' from machines where pool = 'blue' and node = 'other'
    union all select 'a live assignment without its machine' from assignments a join machines m on m.id = a.machine
      where a.state in ('setting_up', 'active') and m.state <> 'assigned'
    union all select 'torn down under its tester by ' || e.actor from events e
      where e.kind = 'machine' and e.before = 'assigned' and e.after = 'deleting' and e.reason <> 'released'`,
  );
  expect(broken).toEqual([]);
}

/** Each move of a machine has a reason of the list, and each create says which node it chose before which others. */
async function everyDecisionIsExplained({ db }: Fleet): Promise<void> {
  const told = await rows<{ reason: string; after: string | null; cause: string | null; node: string }>(
    db,
    sql`
    select reason, after, data ->> 'cause' as cause, node from events where kind = 'machine' order by id`,
  );
  expect(told.filter(({ reason }) => !Object.hasOwn(REASONS, reason))).toEqual([]);
  const made = told.filter(({ after }) => after === "provisioning");
  expect(made.length).toBeGreaterThan(6);
  for (const { node, cause } of made)
    expect(cause).toMatch(new RegExp(`^(spread|pack): ${node} \\(\\d+ of the pool, [^)]+\\)`));
  expect(made.some(({ cause }) => cause?.includes(", before ") === true)).toBe(true);
  const nodes = await rows<{ node: string; reason: string }>(
    db,
    sql`
    select node, reason from events where kind = 'node' and reason in ('drained', 'resumed', 'not_heard', 'heard', 'probed') order by id`,
  );
  const of = (name: string) => nodes.filter(({ node }) => node === name).map(({ reason }) => reason);
  expect(of("small").filter((reason) => reason === "drained" || reason === "resumed")).toEqual([
    "drained",
    "resumed",
  ]);
  expect(of("other").slice(-3)).toEqual(["not_heard", "heard", "probed"]);
}
