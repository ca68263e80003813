import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../../test/helpers/until.ts";
import { anything, assignment } from "../../harness/interface.ts";
import { type Context, type Part, POOL } from "../../harness/part.ts";
import { listMachines, putPoolLike, untilFull } from "../../harness/pools.ts";
import { CHECKOUT } from "../../harness/program.ts";
import type { Rpc } from "../../harness/rpc.ts";
import { makeKey } from "../../harness/sshClient.ts";
import { commandsOf } from "../readme.ts";
import { type DebianPostgres, debianPrograms, startDebianPostgres } from "../restore/debianPostgres.ts";
import { furnish, NODE, type Production, productionIn } from "../restore/production.ts";
import { People } from "../restore/people.ts";
import { statusOf } from "../setups.ts";

/**
 * docs/backup.md is followed while machines run: the database goes back to a backup that is older than what has happened
 * since. Whoever has a machine keeps it, known to the backup or not, and nobody else gets it.
 */
const READY = 2;
const MOST = 12;
/** So many sweeps later it would show if something that the backup does not know were deleted. */
const SWEEPS = 3;

export const restore: Part = {
  name: "restore",
  title: "The database is restored from a backup while machines run",
  show,
};

async function show(context: Context): Promise<void> {
  const { report, runtime, driver, folder } = context;
  if (runtime !== "node" || driver !== "local")
    return report.note(
      `left out on ${driver} and ${runtime}: it is about the database, and shown on local and node`,
    );
  const programs = debianPrograms();
  if (programs === null)
    return report.note(
      "left out: it needs pg_dump and a server of its version (Debian's package postgresql)",
    );
  const database = await startDebianPostgres(programs, join(folder, "database"));
  report.note(database.version);
  const url = new URL(database.url);
  url.password = database.password;
  const production = await productionIn(folder, url.href);
  try {
    await followed(context, database, production);
  } finally {
    await production.stopRelay();
    await production.stopServer();
    await database.stop();
  }
}

async function followed(
  { report, folder }: Context,
  database: DebianPostgres,
  production: Production,
): Promise<void> {
  const { admin } = production;
  const full = async () => void (await untilFull(admin, POOL, READY, 60));
  const key = await makeKey(folder, "own");
  const people = new People(admin, key);
  const [dump, ...restoring] = await commandsOfBackup();

  await report.check(`a server and a relay; ${READY} machines are ready`, async () => {
    await production.startServer();
    await furnish(production, folder, { targetSize: READY, maxSize: MOST });
    await production.startRelay();
    await full();
  });
  await report.check("alice and bob have machines", () => people.getMachines("alice", "bob"));
  await report.check("the pool is full", full);
  await report.check(dump, () => database.shell(dump));
  const known = new Set((await listMachines(admin, POOL)).map(({ name }) => name));

  await report.check(
    "after the backup carol, dave and erin get machines, bob gives his back, alice changes her key",
    async () => {
      await people.getMachines("carol", "dave", "erin");
      await admin.mutate("tester.release", { username: "bob" }, assignment);
      await people.changesKey("alice", folder);
      await full();
      const since = ["carol", "dave", "erin"].map((username) => people.machineOf(username));
      if (since.every((name) => known.has(name)) || since.every((name) => !known.has(name)))
        throw new Error(`the backup should know some of ${since.join(", ")}, and not all`);
      return since
        .map((name) => `${name} (${known.has(name) ? "ready in the backup" : "not in it"})`)
        .join(", ");
    },
  );

  await report.check("the server is stopped, and the database wiped", async () => {
    await production.stopServer();
    await database.wipe();
  });
  for (const command of restoring) await report.check(command, () => database.shell(command));
  await report.check("the server runs again", () => production.startServer());

  await report.check("alice has her machine, and each step of her set-up ran once", async () => {
    const { state, machine } = await statusOf(admin, "alice");
    if (state !== "active" || machine?.name !== people.machineOf("alice"))
      throw new Error(`her assignment is ${state}, on ${machine?.name}`);
    await people.stillIn("alice");
  });
  await report.check("the node's orphans wait for a person", () => orphansWait(admin));
  await report.check("the machines of carol and dave, ready in the backup, are held", () =>
    areHeld(
      admin,
      ["carol", "dave", "erin"].map((one) => people.machineOf(one)).filter((name) => known.has(name)),
    ),
  );
  await report.check("frank, grace and heidi get machines that nobody has", async () => {
    const taken = new Set(["alice", "carol", "dave", "erin"].map((username) => people.machineOf(username)));
    await people.getMachines("frank", "grace", "heidi");
    const twice = ["frank", "grace", "heidi"].filter((username) => taken.has(people.machineOf(username)));
    if (twice.length > 0) throw new Error(`given away a second time: ${twice.join(", ")}`);
  });
  await report.check("the pool is full", full);
  await report.check(`${SWEEPS} sweeps later carol, dave and erin can still log in`, async () => {
    for (let n = 0; n < SWEEPS; n += 1) await admin.mutate("sweep.run", undefined, anything);
    await people.stillIn("carol", "dave", "erin");
  });
  await report.check("alice changes her key again", () => people.changesKey("alice", folder));
  await report.check("bob's machine is gone, and his release can be repeated", () => bobIsReleased(admin));
  await report.check("what nobody needs any more is removed as the page says, and nothing is left", () =>
    isCleared(production),
  );
}

/** The backup's command first, then those of the restore. */
async function commandsOfBackup(): Promise<[string, ...string[]]> {
  const page = await readFile(join(CHECKOUT, "docs/backup.md"), "utf8");
  const [dump, ...others] = commandsOf(page).filter((line) => /^pg_(dump|restore) /.test(line));
  if (dump === undefined || !others.some((line) => line.includes("--dbname=")))
    throw new Error("docs/backup.md shows no pg_dump and pg_restore");
  return [dump, ...others];
}

const anyMachines = z.looseObject({ items: z.array(z.looseObject({ name: z.string(), state: z.string() })) });

const nodes = z.array(
  z.looseObject({
    name: z.string(),
    orphans: z.array(z.looseObject({ name: z.string() })),
    orphanBrake: z.looseObject({ reason: z.string() }).nullable(),
  }),
);

async function nodeOf(admin: Rpc): Promise<z.infer<typeof nodes>[number]> {
  const found = (await admin.query("node.list", undefined, nodes)).find(({ name }) => name === NODE);
  if (found === undefined) throw new Error(`there is no node ${NODE}`);
  return found;
}

async function orphansWait(admin: Rpc): Promise<string> {
  return until("the node to show that the database is behind", async () => {
    const { orphans, orphanBrake } = await nodeOf(admin);
    if (orphanBrake?.reason !== "behind") throw new Error(`its brake is ${JSON.stringify(orphanBrake)}`);
    return orphans.length > 0 && orphans.map(({ name }) => name).join(", ");
  });
}

async function areHeld(admin: Rpc, names: readonly string[]): Promise<string> {
  return until(`${names.join(" and ")} to be held`, async () => {
    const held = new Set((await listMachines(admin, POOL, "held")).map(({ name }) => name));
    if (!names.every((name) => held.has(name))) throw new Error(`held: ${[...held].join(", ") || "none"}`);
    return [...held].join(", ");
  });
}

async function bobIsReleased(admin: Rpc): Promise<void> {
  const { state, error } = await statusOf(admin, "bob");
  if (state !== "active" || error?.code !== "machine_gone")
    throw new Error(`the backup's assignment is ${state}: ${error?.code}`);
  await admin.mutate("tester.release", { username: "bob" }, assignment);
  await until("bob's assignment to end", async () => (await statusOf(admin, "bob")).accessEndedAt !== null);
}

async function isCleared({ admin, warmpool }: Production): Promise<void> {
  await putPoolLike(admin, POOL, { targetSize: 0 });
  const assigned = await listMachines(admin, POOL, "assigned");
  for (const username of assigned.flatMap((machine) => machine.assignment?.username ?? []))
    await warmpool("release", username);
  for (const { name } of await listMachines(admin, POOL, "held")) await warmpool("machine", "recreate", name);
  await warmpool("node", "reap", NODE, "--yes");
  await until(
    "every machine to be proven gone",
    async () => {
      await admin.mutate("sweep.run", undefined, anything);
      // Orphans first: one that is removed becomes a row, of no pool.
      const { orphans } = await nodeOf(admin);
      const { items } = await admin.query("machine.list", { limit: 500 }, anyMachines);
      const left = items.map(({ name, state }) => `${name} (${state})`);
      if (left.length + orphans.length > 0)
        throw new Error(`left: ${[...left, ...orphans.map(({ name }) => name)].join(", ")}`);
      return true;
    },
    { seconds: 120, everyMs: 1000 },
  );
}
