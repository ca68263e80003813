import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../src/db/client.ts";
import { warmpool } from "../cli/run.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";
import { RECIPE, specOf } from "../helpers/world.ts";
import { type Elsewhere, incusCli, madeElsewhere, marksOf, stateOf } from "./drivers/incus/elsewhere.ts";
import { type Fleet, fleet } from "./helpers/fleet.ts";

/** Containers that another system has made, and what becomes of them when their testers come over. */

/** Such a container, with an account for that name. */
async function oldMachine(relayKey: string, username: string): Promise<Elsewhere> {
  const machine = await madeElsewhere(relayKey);
  await incusCli("exec", machine.name, "--", "useradd", "--create-home", username);
  return machine;
}

async function relayKeyOf({ db }: Fleet): Promise<string> {
  return until("the relay to say its key", async () => {
    const [row] = await rows<{ key: string | null }>(
      db,
      sql`select ssh_public_key as key from nodes where name = 'n1' and state = 'online'`,
    );
    return row?.key ?? null;
  });
}

test("old records: imported with their machines; one is released and goes, one is undone and runs on", async () => {
  await using under = await fleet({ n1: { driver: "incus" } });
  await using folder = await temporaryFolder();
  const { client, url } = under;
  await client.recipe.put.mutate(RECIPE);
  await client.pool.put.mutate(specOf({ targetSize: 0 }));
  const key = await relayKeyOf(under);
  await using annas = await oldMachine(key, "anna");
  await using bobs = await oldMachine(key, "bob");
  // The account that its record wants is not there.
  await using carols = await oldMachine(key, "carol");
  const lineOf = (username: string, { name, ssh }: Elsewhere) =>
    `${username},${name},${ssh.host},${ssh.port}`;
  const lines = [lineOf("anna", annas), lineOf("bob", bobs), lineOf("dave", carols)];
  const file = join(folder.path, "testers.csv");
  await writeFile(file, ["username,machine,host,port", ...lines, ""].join("\n"));

  const planned = await warmpool(["import-testers", file, "--plan"], { url });
  expect(planned.stdout, planned.stderr).toMatch(/\nWould be imported: 2\. Not imported: 1\.\n$/);
  for (const { name } of [annas, bobs, carols]) expect(await marksOf(name), name).toEqual([]);

  const imported = await warmpool(["import-testers", file], { url });
  expect(imported.stdout).toMatch(/\nImported: 2\. Not imported: 1\.\n$/);
  expect(imported.stdout.replaceAll("\n", " ")).toContain("has no account dave");
  expect(await marksOf(carols.name), "the foreign machine is left alone").toEqual([]);
  const again = await warmpool(["import-testers", file], { url });
  expect(again.stdout).toMatch(/\nUnchanged: 2\. Not imported: 1\.\n$/);
  await client.sweep.run.mutate();
  expect(await client.tester.status.query({ username: "bob" })).toMatchObject({
    ...{ state: "active", error: null, machine: { name: bobs.name, host: "127.0.0.1" } },
  });

  await client.tester.release.mutate({ username: "anna" });
  await until(
    "the released machine to be proven gone",
    async () => (await client.machine.get.query({ id: annas.name })).state === "deleted",
    { seconds: 120 },
  );
  expect(await stateOf(annas.name)).toBe("");

  const undone = await warmpool(["import-testers", file, "--undo"], { url });
  expect(undone.stdout).toContain("Undone: 1.");
  await until("the mark to be off", async () => (await marksOf(bobs.name)).length === 0, { seconds: 60 });
  expect(await stateOf(bobs.name)).toBe("RUNNING");
  expect(await stateOf(carols.name)).toBe("RUNNING");
  expect((await client.machine.list.query({})).items).toEqual([]);
});
