import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { knownHosts, sshArguments } from "../../../src/cli/ssh/sshArguments.ts";
import { fingerprintOf } from "../../../src/cli/ssh/sshIdentity.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { anAssignment } from "../../client/samples.ts";
import { testDb } from "../../helpers/db.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { createdOf, KEY_A, makeWorld, NODE } from "../../helpers/world.ts";
import { ADMIN_TOKEN, startEdge } from "../../api/edges.ts";
import { createClient } from "../../../src/client/index.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { until } from "../../helpers/until.ts";
import { installation } from "../installation.ts";
import { warmpoolProcess } from "../process.ts";
import { unwrapped, warmpool } from "../run.ts";
import { sshServer } from "../sshServer.ts";
import { isNight } from "../../helpers/nightly.ts";

/** `warmpool ssh`, with the real OpenSSH client against a real server on the machine's port. */

/** Alice, with a key of her own, on a machine whose host key is pinned; nothing listens on its port yet. */
async function alice() {
  const database = await testDb();
  const folder = await temporaryFolder();
  const relay = await makeWorld(database.db, { targetSize: 1, maxSize: 1 });
  const host = makeHostKey("machine");
  const create = await relay.take("create");
  const { id, token } = create;
  const progress = { kind: "create" as const, phase: "booting" as const, hostKey: host.pinned };
  await renew(database.db, NODE, relay.session, [{ id, token, progress }]);
  await relay.finish(create, createdOf(create.machine));
  const edge = await startEdge("node", database.url);
  const key = makeKeyPair("alice");
  const identity = join(folder.path, "id");
  await writeFile(identity, key.privateKey, { mode: 0o600 });
  const client = createClient({ url: edge.url, token: ADMIN_TOKEN });
  await client.tester.assign.mutate({ username: "alice", sshKeys: [key.publicKey] });
  await relay.workOff();
  return {
    url: edge.url,
    db: database.db,
    client,
    env: { TMPDIR: folder.path },
    folder: folder.path,
    port: create.machine.port,
    hostKey: host.pair.privateKey,
    publicKey: key.publicKey,
    machine: create.machine,
    identity,
    ssh: ["ssh", "alice", "--identity", identity, "--"],
    [Symbol.asyncDispose]: async () => {
      await edge[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
      await database.close();
    },
  };
}

test("it logs in, runs the command with its input, and ends as the command does", async () => {
  await using at = await alice();
  await using server = await sshServer(at.port, at.hostKey, at.publicKey);
  const ran = await warmpoolProcess([...at.ssh, "exit 7"], { ...at, input: "some input\n" });
  expect(ran).toEqual({ code: 7, stdout: "ran exit 7\nsome input\n", stderr: "" });
  expect(server.users).toEqual(["alice"]);
  expect(await readdir(at.folder)).toEqual(["id"]);
});

test("without --identity it finds the key that opens, and where there is none it names those that would", async () => {
  await using at = await alice();
  const home = join(at.folder, "home");
  await mkdir(join(home, ".ssh"), { recursive: true });
  const env = { ...at.env, HOME: home };
  await using server = await sshServer(at.port, at.hostKey, at.publicKey);
  const refused = await warmpoolProcess(["ssh", "alice", "--", "exit 0"], { url: at.url, env });
  expect(refused.code).toBe(255);
  const fingerprint = fingerprintOf(at.publicKey) ?? "none";
  expect(refused.stderr).toContain("Permission denied");
  expect(unwrapped(refused.stderr)).toContain(`Accepted keys: ${fingerprint}.`);
  expect(unwrapped(refused.stderr)).toContain("ssh alice --identity FILE");
  await at.db.execute(sql`update assignments set state = 'setting_up', active_at = null, expires_at = null`);
  const early = await warmpoolProcess(["ssh", "alice", "--", "exit 0"], { url: at.url, env });
  expect(early.code).toBe(255);
  expect(unwrapped(early.stderr)).toContain("The login failed because the set-up has not finished: demo-");
  expect(early.stderr).not.toContain("--identity");
  await at.db.execute(sql`update assignments set state = 'active', active_at = now()`);
  await copyFile(at.identity, join(home, ".ssh", "mine"));
  await writeFile(join(home, ".ssh", "mine.pub"), `${at.publicKey}\n`);
  const ran = await warmpoolProcess(["ssh", "alice", "--", "exit 4"], { url: at.url, env });
  expect(ran).toMatchObject({ code: 4, stderr: "" });
  expect(server.users).toEqual(["alice"]);
});

test("another host key at the same address is refused before anything is said", async () => {
  await using at = await alice();
  await using server = await sshServer(at.port, makeHostKey("impostor").pair.privateKey, at.publicKey);
  const ran = await warmpoolProcess([...at.ssh, "exit 0"], at);
  expect(ran).toMatchObject({ code: 255, stdout: "" });
  expect(ran.stderr).toContain("Host key verification failed");
  expect(server.users).toEqual([]);
});

test.runIf(isNight)("a machine by its name or id opens as root, with the same pinned key", async () => {
  await using at = await alice();
  await using server = await sshServer(at.port, at.hostKey, at.publicKey);
  for (const whom of [at.machine.name, at.machine.id]) {
    const ran = await warmpoolProcess(["ssh", whom, "--identity", at.identity, "--", "exit 3"], at);
    expect(ran).toEqual({ code: 3, stdout: "ran exit 3\n", stderr: "" });
  }
  expect(server.users).toEqual(["root", "root"]);
});

test("who is neither a tester nor a machine exits 3; the main app's token may not ask for machines", async () => {
  await using at = await alice();
  const { token } = await at.client.token.create.mutate({ name: "app", role: "app" });
  for (const WARMPOOL_TOKEN of [ADMIN_TOKEN, token]) {
    const ran = await warmpool(["ssh", "nobody1"], { url: at.url, env: { WARMPOOL_TOKEN } });
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(/^warmpool: .*nobody1/);
  }
});

test("a machine that is not up yet exits 4 and says so", async () => {
  await using at = await installation({ targetSize: 1, maxSize: 2 });
  await at.client.tester.assign.mutate({ username: "bob", sshKeys: [KEY_A] });
  // The refill follows after the answer.
  const machine = await until("the refill", async () => {
    const { items } = await at.client.machine.list.query({ state: "provisioning" });
    return items[0];
  });
  const ran = await warmpool(["ssh", machine.name], at);
  expect(ran).toMatchObject({ code: 4, stdout: "" });
  expect(ran.stderr).toContain("is provisioning, and its address is not known yet");
});

test("who still waits for a machine exits 4 and is told so", async () => {
  await using at = await installation({ targetSize: 0, maxSize: 1 });
  await at.client.tester.assign.mutate({ username: "bob", sshKeys: [KEY_A] });
  const ran = await warmpool(["ssh", "bob"], at);
  expect(ran).toMatchObject({ code: 4, stdout: "" });
  expect(ran.stderr).toMatch(/^warmpool: bob has no machine yet\. bob waits for a machine/);
});

test("no configuration file has a say, and only the pinned key is known", () => {
  const { machine } = anAssignment();
  if (machine === null) throw new Error("the sample has a machine");
  const args = sshArguments(machine, "/tmp/a b/known_hosts", undefined, ["ls", "-l"]);
  expect(args.slice(0, 2)).toEqual(["-F", "none"]);
  expect(args).toContain("StrictHostKeyChecking=yes");
  expect(args).toContain('UserKnownHostsFile="/tmp/a b/known_hosts"');
  expect(args.slice(args.indexOf("--"))).toEqual(["--", "127.0.0.1", "ls", "-l"]);
  expect(args.join(" ")).not.toContain("IdentitiesOnly");
  expect(knownHosts(machine)).toBe(`wp-demo-7 ssh-ed25519 ${machine.hostKey.key}\n`);
});
