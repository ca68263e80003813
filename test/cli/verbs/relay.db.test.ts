import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDb } from "../../helpers/db.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { installation } from "../installation.ts";
import { warmpoolProcess } from "../process.ts";
import { unwrapped, warmpool } from "../run.ts";
import { isNight } from "../../helpers/nightly.ts";

/** The verbs that run something on this machine: `relay join`, `relay run`, `migrate`. */

test("relay join trades the token that node enroll printed for a credential, once", async () => {
  await using at = await installation();
  await using folder = await temporaryFolder();
  const dir = join(folder.path, "relay");
  const enrolled = await warmpool(["node", "enroll", "n2"], at);
  const token = /WARMPOOL_JOIN_TOKEN=(\S+)/.exec(enrolled.stdout)?.[1] ?? "";
  const args = ["relay", "join", "--url", at.url, "--dir", dir];
  const joined = await warmpool(args, { env: { WARMPOOL_JOIN_TOKEN: token } });
  expect(joined).toMatchObject({ code: 0, stdout: `Joined as node n2; the credential is in ${dir}.\n` });
  expect(JSON.parse(await readFile(join(dir, "relay.json"), "utf8"))).toMatchObject({
    url: at.url,
    node: "n2",
  });
  expect((await stat(join(dir, "relay.json"))).mode & 0o777).toBe(0o600);
  const second = await warmpool(args, { env: { WARMPOOL_JOIN_TOKEN: token } });
  expect(unwrapped(second.stderr)).toContain(`is the identity of node n2 of ${at.url}.`);
  const again = await warmpool([...args, "--replace"], { env: { WARMPOOL_JOIN_TOKEN: token } });
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).toMatch(/^warmpool: .*join token/);
  const undriven = await warmpool(["relay", "run", "--dir", dir]);
  expect(undriven, "nothing was tried").toMatchObject({ code: 2, stdout: "" });
  expect(undriven.stderr).toContain("--driver is missing");
});

test("relay join without a token is wrong use", async () => {
  const ran = await warmpool(["relay", "join", "--url", "http://127.0.0.1:9"]);
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toContain("the join token is missing");
});

test("relay run where nothing was joined says so", async () => {
  await using folder = await temporaryFolder();
  const ran = await warmpoolProcess(["relay", "run", "--dir", folder.path]);
  expect(ran.code).toBe(1);
  expect(unwrapped(ran.stderr)).toMatch(/^warmpool: .* this node has not joined\./);
});

test.runIf(isNight)(
  "migrate brings the local stack's database up to date, its URL in no argument",
  async () => {
    await using database = await testDb();
    await using folder = await temporaryFolder();
    const local = { url: "http://127.0.0.1:9", adminToken: "t", databaseUrl: database.url };
    await writeFile(join(folder.path, "local.json"), JSON.stringify(local));
    const ran = await warmpoolProcess(["migrate", "--state-dir", folder.path]);
    expect(ran).toEqual({ code: 0, stdout: "The database is up to date.\n", stderr: "" });
  },
);

test("migrate without a database says where one is named", async () => {
  await using folder = await temporaryFolder();
  const ran = await warmpool(["migrate", "--state-dir", folder.path]);
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(unwrapped(ran.stderr)).toContain("Set DATABASE_URL");
});

test("node enroll of a node that has a relay says that a relay that joins takes it over", async () => {
  await using at = await installation();
  const again = await warmpool(["node", "enroll", "n1"], at);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toMatch(
    /^Node n1 has a relay, heard .* ago; machines: \d+\. A relay that joins\nwith this token takes the node over/,
  );
  const fresh = await warmpool(["node", "enroll", "n9"], at);
  expect(fresh.stdout).toMatch(/^Node n9 is enrolled/);
});
