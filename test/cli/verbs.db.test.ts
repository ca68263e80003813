import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { Assignment, Page } from "../../src/contract/assignment.ts";
import { DUTIES } from "../../src/contract/sweep.ts";
import { rows } from "../../src/db/client.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { KEY_A, specOf } from "../helpers/world.ts";
import { installation } from "./installation.ts";
import { longest, unwrapped, warmpool } from "./run.ts";

/** Every verb that asks the API something, against the real one: its exit code, its words, and `--json`. */

test("status and pool list show the pools", async () => {
  await using at = await installation({ targetSize: 2, maxSize: 3 });
  const shown = await warmpool(["status"], at);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^POOL +READY .*\ndemo +2\/2 /);
  expect(longest(shown.stdout)).toBeLessThanOrEqual(80);
  expect((await warmpool(["pool", "list"], at)).stdout).toMatch(/^demo +2\/2 /m);
  // A sweep notes since when the conditions stand; before that, each answer says "now".
  await at.client.sweep.run.mutate();
  const printed = await warmpool(["status", "--json"], at);
  expect(JSON.parse(printed.stdout)).toEqual(await at.client.pool.list.query());
});

test("pool get and put: a spec goes in by file and comes out", async () => {
  await using at = await installation();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "pool.json");
  await writeFile(file, JSON.stringify(specOf({ name: "second", targetSize: 0, maxSize: 4 })));
  const put = await warmpool(["pool", "put", file], at);
  expect(put.code).toBe(0);
  // The second one: whoever names no pool is refused from now on.
  expect(unwrapped(put.stderr)).toMatch(
    /^The pool does not exist yet\. No machine would be created or removed\. There would be several pools, .*`npx warmpool pool default demo`/,
  );
  expect(put.stdout).toMatch(/^Pool second is stored\.\n/);
  expect(unwrapped((await warmpool(["pool", "default", "second"], at)).stdout)).toMatch(
    /^Calls that name no pool now use second; before, they were refused\./,
  );
  const back = await warmpool(["pool", "default", "demo", "--url", at.url], at);
  expect(unwrapped(back.stdout)).toContain(
    "Calls that name no pool now use demo instead of second. This applies to your app",
  );
  expect(back.stdout).toContain(`\`npx warmpool pool default second --url ${at.url}\``);
  const got = await warmpool(["pool", "get", "second"], at);
  expect(got.stdout).toMatch(/^wanted +0 ready, 4 machines at most$/m);
  expect(got.stdout).toMatch(/^create timeout +10m$/m);
  expect(got.stdout).toMatch(/^replaced after +2 failed probes in a row$/m);
  expect(longest(got.stdout)).toBeLessThanOrEqual(80);
  await at.client.sweep.run.mutate();
  const printed = await warmpool(["--json", "pool", "get", "second"], at);
  expect(JSON.parse(printed.stdout)).toEqual(await at.client.pool.get.query({ name: "second" }));
});

test("a put that takes machines away says which, and does so only when it was agreed to", async () => {
  await using at = await installation({ targetSize: 3, maxSize: 4 });
  await at.relay.workOff();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "pool.json");
  await writeFile(file, JSON.stringify(specOf({ targetSize: 1, maxSize: 4 })));
  const before = await at.client.pool.get.query({ name: "demo" });
  const planned = await warmpool(["pool", "plan", file], at);
  expect(planned).toMatchObject({ code: 0, stderr: "" });
  expect(unwrapped(planned.stdout)).toMatch(
    /^It would change: targetSize\. 2 machines would be removed: demo-1-\w+, demo-2-/,
  );
  expect(longest(planned.stdout)).toBeLessThanOrEqual(80);
  const refused = await warmpool(["pool", "put", file], at);
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(unwrapped(refused.stderr)).toMatch(
    /nothing is changed yet\. It would change: .* Add --yes to confirm\./,
  );
  expect((await at.client.pool.get.query({ name: "demo" })).spec).toEqual(before.spec);
  expect((await warmpool(["pool", "put", file, "--yes"], at)).code).toBe(0);
  expect((await at.client.pool.get.query({ name: "demo" })).spec.targetSize).toBe(1);
});

test("a spec that is wrong is refused by file and field, and nothing is sent", async () => {
  await using at = await installation();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "pool.json");
  await writeFile(file, JSON.stringify(specOf({ name: "second", targetSize: 5, maxSize: 4 })));
  const put = await warmpool(["pool", "put", file], at);
  expect(put).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(put.stderr)).toContain(`${file}: maxSize: must be at least targetSize`);
  expect(await at.client.pool.list.query()).toHaveLength(1);
});

test("pause and resume; what does not hold is said with its cause and what to do", async () => {
  await using at = await installation({ targetSize: 1, maxSize: 1 });
  expect((await warmpool(["pool", "pause", "demo"], at)).stdout).toBe("Pool demo is paused.\n");
  expect((await warmpool(["status"], at)).stdout).toMatch(/^demo .* paused$/m);
  expect(unwrapped((await warmpool(["status"], at)).stdout)).toContain(
    "demo: the pool is paused; resume it to refill (Paused, ",
  );
  expect((await warmpool(["pool", "resume", "demo"], at)).stdout).toBe("Pool demo resumed.\n");
});

test("machine list and get", async () => {
  await using at = await installation({ targetSize: 2, maxSize: 3 });
  const listed = await warmpool(["machine", "list", "--limit", "1"], at);
  expect(listed.code).toBe(0);
  expect(listed.stdout).toMatch(/^MACHINE +STATE .*\n\S+ +ready /);
  expect(longest(listed.stdout)).toBeLessThanOrEqual(80);
  const cursor = /--cursor (\S+)/.exec(listed.stderr)?.[1] ?? "";
  const next = JSON.parse((await warmpool(["machine", "list", "--cursor", cursor, "--json"], at)).stdout);
  expect(next).toEqual(await at.client.machine.list.query({ cursor }));
  expect(next.items).toHaveLength(1);
  const { name, id } = next.items[0];
  const got = await warmpool(["machine", "get", name], at);
  expect(got.stdout).toContain(id);
  expect(longest(got.stdout)).toBeLessThanOrEqual(80);
  expect((await warmpool(["machine", "list", "--state", "held"], at)).stdout).toBe("No such machine.\n");
  expect(await warmpool(["machine", "list", "--state", "lost"], at)).toMatchObject({ code: 2, stdout: "" });
});

test("an empty list: a filter that names no pool or node → not found; one that does → an empty list", async () => {
  await using at = await installation();
  for (const [words, kind] of [
    [["machine", "list", "--pool", "other"], "pool"],
    [["machine", "list", "--node", "other"], "node"],
    [["tester", "list", "--pool", "other"], "pool"],
    [["events", "--pool", "other"], "pool"],
    [["events", "--follow", "--node", "other"], "node"],
  ] as const) {
    const ran = await warmpool([...words], at);
    expect(ran, words.join(" ")).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toBe(
      `warmpool: there is no ${kind} other.\n\`npx warmpool ${kind} list\` lists them.\n`,
    );
  }
  for (const [words, none] of [
    [["machine", "list", "--pool", "demo", "--node", "n1", "--state", "held"], "No such machine.\n"],
    [["tester", "list", "--pool", "demo"], "No such tester.\n"],
    [["events", "--node", "n1", "--kind", "security"], "No such event.\n"],
  ] as const)
    expect(await warmpool([...words], at)).toMatchObject({ code: 0, stdout: none });
});

test("node list and enroll: the join token is shown once, for the environment", async () => {
  await using at = await installation();
  const enrolled = await warmpool(["node", "enroll", "n2"], at);
  expect(enrolled.code).toBe(0);
  expect(enrolled.stdout).toMatch(/^ {2}export WARMPOOL_JOIN_TOKEN=\S+$/m);
  expect(enrolled.stdout).toContain(`npx warmpool relay join --url ${at.url}`);
  const listed = await warmpool(["node", "list"], at);
  expect(listed.stdout).toMatch(/^n1 +online /m);
  expect(listed.stdout).toMatch(/^n2 +enrolled /m);
  expect(longest(listed.stdout)).toBeLessThanOrEqual(80);
});

test("recipe push, list and get", async () => {
  await using at = await installation();
  await using folder = await temporaryFolder();
  const step = { id: "hello", title: "Say hello", script: "hello.sh", timeoutSeconds: 90 };
  const written = { name: "greeter", params: { WHOM: { required: true } }, steps: [step] };
  await writeFile(join(folder.path, "recipe.json"), JSON.stringify(written));
  await writeFile(join(folder.path, "hello.sh"), "echo hello\n");
  const pushed = await warmpool(["recipe", "push", folder.path], at);
  expect(pushed).toMatchObject({ code: 0, stderr: "" });
  expect(pushed.stdout).toMatch(/^Recipe greeter is stored: version \w{12}, 1 step\.\n$/);
  expect((await warmpool(["recipe", "list"], at)).stdout).toMatch(/^greeter +\w{12} +1 +\d+s ago +WHOM$/m);
  const got = await warmpool(["recipe", "get", "greeter"], at);
  expect(got.stdout).toMatch(/^WHOM +required$/m);
  expect(got.stdout).toMatch(/^hello +1m 30s +Say hello$/m);
  const printed = await warmpool(["recipe", "get", "greeter", "--json"], at);
  expect(JSON.parse(printed.stdout)).toMatchObject({ name: "greeter", steps: [{ script: "echo hello\n" }] });
});

test("sweep and duties", async () => {
  await using at = await installation();
  const swept = await warmpool(["sweep"], at);
  expect(swept).toMatchObject({ code: 0, stderr: "" });
  for (const duty of DUTIES) expect(swept.stdout).toMatch(new RegExp(`^${duty} +done `, "m"));
  const shown = await warmpool(["duties"], at);
  expect(shown.stdout).toMatch(/^probe +\ds ago +\ds ago +done/m);
  expect(longest(shown.stdout)).toBeLessThanOrEqual(80);
  const printed = await warmpool(["duties", "--json"], at);
  expect(JSON.parse(printed.stdout)).toEqual(await at.client.sweep.duties.query());
});

test("token create prints the token alone, for a script to take", async () => {
  await using at = await installation();
  const made = await warmpool(["token", "create", "main-app"], at);
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(/^wp_app_\S+\n$/);
  expect(made.stderr).toContain("cannot be shown again");
});

test("tester, log and release follow a tester to the end", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  await at.relay.workOff();
  const shown = await warmpool(["tester", "alice"], at);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^alice has \S+, set up /);
  expect(shown.stdout).toMatch(/^or plainly +ssh -p \d+ alice@127\.0\.0\.1$/m);
  const printed = await warmpool(["tester", "alice", "--json"], at);
  expect(JSON.parse(printed.stdout)).toEqual(await at.client.tester.status.query({ username: "alice" }));
  const log = await warmpool(["log", "alice", "--json"], at);
  expect(JSON.parse(log.stdout)).toEqual(await at.client.tester.log.query({ username: "alice" }));
  const released = await warmpool(["release", "alice"], at);
  expect(released.code).toBe(0);
  expect(released.stdout).toMatch(/^alice is released; \S+ is being torn down\.\n$/);
  expect((await warmpool(["tester", "alice"], at)).stdout).toMatch(/^alice was released /);
  expect(await warmpool(["ssh", "alice"], at)).toMatchObject({ code: 3, stdout: "" });
});

test("machine restart says where to look, and is refused while it is under way", async () => {
  await using at = await installation();
  const [machine] = (await at.client.machine.list.query({})).items;
  const asked = await warmpool(["machine", "restart", machine?.name ?? ""], at);
  expect(asked).toMatchObject({ code: 0, stderr: "" });
  expect(asked.stdout).toContain(
    `${machine?.name} will be restarted.\nTo see its progress, run \`npx warmpool machine timeline`,
  );
  const again = await warmpool(["machine", "restart", machine?.name ?? ""], at);
  expect(again).toMatchObject({ code: 4, stdout: "" });
  expect(again.stderr).toMatch(/its restart is in progress[\s\S]*\(CONFLICT\)/);
  await at.relay.workOff();
  expect(await at.client.machine.get.query({ id: machine?.id ?? "" })).toMatchObject({ state: "ready" });
});

test("what is not there exits 3, on standard error, with the code", async () => {
  await using at = await installation();
  for (const args of [
    ["tester", "nobody1"],
    ["log", "nobody1"],
    ["release", "nobody1"],
    ["ssh", "nobody1"],
    ["machine", "get", "wp-none"],
    ["pool", "get", "none"],
    ["recipe", "get", "none"],
  ]) {
    const ran = await warmpool(args, at);
    expect(ran, args.join(" ")).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr, args.join(" ")).toMatch(/^warmpool: [\s\S]*\(NOT_FOUND\)/);
  }
});

test("colours only on a terminal, and not under NO_COLOR", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  const coloured = (text: string) => text.includes("\u001b[");
  expect(coloured((await warmpool(["tester", "alice"], { ...at, terminal: 80 })).stdout)).toBe(true);
  expect(coloured((await warmpool(["tester", "alice"], at)).stdout)).toBe(false);
  const env = { NO_COLOR: "1" };
  expect(coloured((await warmpool(["tester", "alice"], { ...at, terminal: 80, env })).stdout)).toBe(false);
});

test("tester list shows who waits, who failed and whose time ends; a retry takes another parameter", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A], ttlSeconds: 7200 });
  await at.relay.workOff();
  for (const username of ["bob", "carol"])
    await at.client.tester.assign.mutate({ username, sshKeys: [KEY_A] });
  await at.relay.workOff();
  await at.db
    .execute(sql`update assignments set state = 'failed', failed_at = now(), error = '{"code": "step_failed", "message": "No space left"}'
    where username = 'bob'`);
  const shown = await warmpool(["tester", "list"], { ...at, terminal: 200 });
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^alice +active +demo +demo-\S+ +\S+ ago +in (2h|1h 59m)/m);
  expect(shown.stdout).toMatch(/^bob +failed .* No space left$/m);
  expect(shown.stdout).toMatch(/^carol +waiting +demo +- .*place 1 in the queue/m);
  const failed = await warmpool(["tester", "list", "--state", "failed", "--json"], at);
  expect((JSON.parse(failed.stdout) as Page<Assignment>).items.map(({ username }) => username)).toEqual([
    "bob",
  ]);
  const status = unwrapped((await warmpool(["status"], at)).stdout);
  expect(status).toContain("Set-up for bob failed: No space left (pool demo).");
  expect(status).toContain("demo: 1 tester waits for a machine, carol the longest");

  const wrong = await warmpool(["retry", "bob", "--param", "greeting=NO"], at);
  expect(wrong.stderr).toContain("params.greeting: does not match");
  expect(await warmpool(["retry", "bob", "--param", "greeting=ho"], at)).toMatchObject({
    code: 0,
    stderr: "",
  });
  const [bob] = await rows(at.db, sql`select state, params from assignments where username = 'bob'`);
  expect(bob).toEqual({ state: "setting_up", params: { greeting: "ho" } });
});

test("extend: of a time without an end it says so; above the ceiling → the limit as a duration", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  await at.relay.workOff();
  const extend = (ttl: string) => warmpool(["extend", "alice", "--ttl", ttl], at);
  for (const ttl of ["31d", "400d"]) {
    const refused = await extend(ttl);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(unwrapped(refused.stderr)).toMatch(
      /^warmpool: --ttl: at most 30d, counted .*`npx warmpool settings put --extend-ceiling DURATION` changes the limit/,
    );
  }
  expect((await extend("2h")).stdout).toMatch(
    /^alice's time had no end until now; it ends in (2h|1h 59m)\.\n$/,
  );
  expect((await extend("3h")).stdout).toMatch(/^alice's time ends in (3h|2h 59m)\.\n$/);
  await warmpool(["settings", "put", "--extend-ceiling", "60d"], at);
  expect((await extend("31d")).code).toBe(0);
});

test("a tester who is looked for: a system account → has no machine; another pool → the command", async () => {
  await using at = await installation();
  for (const words of ["log", "release", "extend --ttl 2h", "retry", "tester", "tester link", "ssh"]) {
    const [verb = "", ...rest] = words.replace("tester link", "tester,link").split(" ");
    const ran = await warmpool([...verb.split(","), "nobody", ...rest], at);
    expect(ran, words).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr, words).toContain("warmpool: nobody has no machine.\n");
  }
  await at.client.pool.put.mutate(specOf({ name: "second", targetSize: 0, maxSize: 4 }));
  await at.client.pool.default.mutate({ name: "demo" });
  await at.client.tester.assign.mutate({ username: "dan", sshKeys: [KEY_A], pool: "second" });
  for (const [words, next] of [
    [["log", "dan"], "log dan --pool second"],
    [["extend", "dan", "--ttl", "2h"], "extend dan --pool second --ttl 7200s"],
    [["retry", "dan", "--param", "a=b c"], "retry dan --pool second --param 'a=b c'"],
  ] as const) {
    const ran = await warmpool([...words], at);
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(unwrapped(ran.stderr)).toMatch(/^warmpool: dan never had a machine of pool demo, the default/);
    expect(ran.stderr).toContain(`Run \`npx warmpool ${next}\`\n`);
  }
  expect((await warmpool(["log", "dan", "--pool", "second"], at)).code).toBe(0);
});

test("token revoke: by name if one valid token has it; else it says what it takes", async () => {
  await using at = await installation();
  const create = (name: string) => at.client.token.create.mutate({ name, role: "app" });
  const revoke = (given: string) => warmpool(["token", "revoke", given], at);
  await create("app1");
  expect((await revoke("app1")).stdout).toBe('The token "app1" (app) is revoked.\n');
  expect(await revoke("app1")).toMatchObject({
    code: 3,
    stderr:
      "warmpool: no valid token has the fingerprint or the name app1.\n`npx warmpool token list` shows them.\n",
  });
  const [one] = [await create("twice"), await create("twice")];
  expect(await revoke("twice")).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("2 valid tokens have the name twice."),
  });
  expect((await revoke(one.fingerprint)).code).toBe(0);
  expect((await revoke("twice")).code).toBe(0);
});

test("node set: numbers → the node has them and says so; `default` → its default again", async () => {
  await using at = await installation();
  const set = async (...words: string[]) => (await warmpool(["node", "set", "n1", ...words], at)).stdout;
  const shown = async () => (await at.client.node.list.query()).find(({ name }) => name === "n1");
  expect(await set("--concurrency", "5", "--silence-seconds", "120")).toBe(
    "n1 works on 5 creates and deletes at a time.\nIt is silent when its relay is not heard for 2m.\n",
  );
  expect(await shown()).toMatchObject({ concurrency: 5, silenceSeconds: 120 });
  await set("--concurrency", "default");
  expect(await shown()).toMatchObject({ concurrency: 2, silenceSeconds: 120 });
  expect(await warmpool(["node", "set", "n1", "--concurrency", "0"], at)).toMatchObject({ code: 2 });
});

test("settings put: each option → its setting, and the others stay", async () => {
  await using at = await installation();
  const put = async (...words: string[]) => {
    await warmpool(["settings", "put", ...words], at);
    return at.client.settings.get.query();
  };
  await put("--orphan-keep", "3d", "--extend-ceiling", "60d", "--waiting-too-long", "5m");
  expect(await put("--event-retention", "90d", "--history-retention", "14d")).toEqual({
    orphanKeepSeconds: 3 * 86_400,
    extendCeilingSeconds: 60 * 86_400,
    waitingTooLongSeconds: 300,
    eventRetentionDays: 90,
    historyRetentionDays: 14,
  });
  const warned = async (...words: string[]) => (await warmpool(["settings", "put", ...words], at)).stderr;
  expect(unwrapped(await warned("--orphan-keep", "0s"))).toMatch(
    /^Warning: nobody has time to notice an orphan/,
  );
  expect(await warned("--orphan-keep", "1h")).toBe("");
});

test("node list shows labels, token list fingerprints, pool list the default", async () => {
  await using at = await installation();
  await at.client.node.label.mutate({ name: "n1", labels: ["ssd", "rack-2"] });
  expect((await warmpool(["node", "list"], at)).stdout).toMatch(/^n1 +\S+ +rack-2, ssd /m);
  const name = "the nightly jobs of the web shop";
  const { fingerprint } = await at.client.token.create.mutate({ name, role: "viewer" });
  const tokens = await warmpool(["token", "list"], { ...at, terminal: 80 });
  expect(tokens.stdout).toMatch(new RegExp(`^${fingerprint} +viewer +valid +never +${name}$`, "m"));
  const unknown = await warmpool(["token", "revoke", "00000000", "--yes"], at);
  expect(unknown).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("`npx warmpool token list` shows them."),
  });
  expect((await warmpool(["pool", "default", "demo"], at)).code).toBe(0);
  expect((await warmpool(["pool", "list"], at)).stdout).toMatch(/^demo .* default$/m);
});
