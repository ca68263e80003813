import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { SetupFailure } from "../../../src/contract/assignmentErrors.ts";
import type { LeasedOperation } from "../../../src/contract/relay.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { until } from "../../helpers/until.ts";
import { KEY_A, KEY_B, RECIPE, setUpOf } from "../../helpers/world.ts";
import type { StandInRelay } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { longest, unwrapped, warmpool } from "../run.ts";

/** `warmpool assign`, against the real API; the test is the relay that sets machines up. */

async function keyFile(content = `# my keys\n\n${KEY_A}\n`) {
  const folder = await temporaryFolder();
  const file = join(folder.path, "id.pub");
  await writeFile(file, content);
  return { file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("without --wait it comes back at once and tells how to go on", async () => {
  await using at = await installation();
  await using key = await keyFile();
  const ran = await warmpool(["assign", "alice", "--key", key.file, "--ttl", "2h"], at);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/^\S+ is being set up for alice/);
  expect(ran.stderr).toContain("npx warmpool tester alice");
  const again = JSON.parse((await warmpool(["assign", "alice", "--key", key.file, "--json"], at)).stdout);
  expect(again).toEqual({
    created: false,
    assignment: await at.client.tester.status.query({ username: "alice" }),
  });
});

test("what it proposes to try next reaches the same place", async () => {
  await using at = await installation();
  await using key = await keyFile();
  const args = [
    "assign",
    "alice",
    "--key",
    key.file,
    "--pool",
    "demo",
    "--url",
    at.url,
    "--state-dir",
    "a dir",
  ];
  const ran = await warmpool(args, at);
  const next = `alice --pool demo --url ${at.url} --state-dir 'a dir'`;
  expect(ran.stdout).toContain(`npx warmpool ssh ${next}\n`);
  expect(ran.stderr).toContain(`\`npx warmpool tester ${next}\``);
});

test("--wait shows how it comes along, then the login and the outputs, url first", async () => {
  await using at = await installation();
  await using key = await keyFile();
  const assigned = warmpool(
    ["assign", "alice", "--key", key.file, "--param", "greeting=hello you", "--wait"],
    at,
  );
  const setup = await leased(at.relay, "setup");
  expect(setup.assignment).toMatchObject({
    username: "alice",
    sshKeys: [KEY_A],
    params: { greeting: "hello you" },
  });
  await at.relay.finish(setup, setUpOf("alice", [KEY_A], { answer: "42", url: "http://127.0.0.1:21000/" }));
  const { code, stdout, stderr } = await assigned;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^0:00 {2}setting up \S+/);
  expect(stderr).toMatch(/^\d:\d\d {2}active$/m);
  expect(stdout).toMatch(/^alice has \S+, set up /);
  expect(stdout).toMatch(/^log in +npx warmpool ssh alice$/m);
  expect(stdout).toMatch(/\n\nurl +http:\/\/127\.0\.0\.1:21000\/\nanswer +42\n$/);
  expect(longest(stdout + stderr)).toBeLessThanOrEqual(80);
  expect(stdout + stderr).not.toContain("\u001b");
});

test("on a terminal one line is redrawn, and gone when it is over", async () => {
  await using at = await installation();
  await using key = await keyFile();
  let seen = "";
  const assigned = warmpool(["assign", "alice", "--key", key.file, "--wait"], {
    ...at,
    terminal: 60,
    onStderr: (soFar) => (seen = soFar),
  });
  const setup = await leased(at.relay, "setup");
  await until("the line", () => seen.includes("setting up") || seen.includes("step 1"));
  await at.relay.finish(setup, setUpOf("alice", [KEY_A]));
  const { code, stderr } = await assigned;
  expect(code).toBe(0);
  expect(stderr).not.toContain("\n");
  const drawn = stderr.split("\r\u001b[2K");
  expect(drawn.at(-1)).toBe("");
  expect(drawn.every((line) => line.length < 60)).toBe(true);
});

test("who waits in line is shown the place, and then gets the machine that comes free", async () => {
  await using at = await installation({ targetSize: 0, maxSize: 1 });
  await using key = await keyFile();
  let seen = "";
  const assigned = warmpool(["assign", "bob", "--key", key.file, "--wait", "--json"], {
    ...at,
    onStderr: (soFar) => (seen = soFar),
  });
  await until("the place", () => seen.includes("waiting, place 1 in the queue"));
  const worked = until("bob's machine", async () => {
    await at.relay.workOff();
    return (await at.client.tester.status.query({ username: "bob" })).state === "active";
  });
  const { code, stdout } = await assigned;
  await worked;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ created: true, assignment: { state: "active" } });
});

test("a set-up that fails exits 1 with the step and where to look", async () => {
  await using at = await installation();
  await using key = await keyFile();
  const assigned = warmpool(["assign", "alice", "--key", key.file, "--wait"], at);
  const setup = await leased(at.relay, "setup");
  const step = RECIPE.steps[0]?.id ?? "";
  await at.relay.finish(setup, {
    outcome: "setup_failed",
    reason: "step_failed",
    message: "the step ended with 3",
    step,
    exitCode: 3,
  });
  const { code, stdout, stderr } = await assigned;
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`^Set-up for alice failed in step ${step}`));
  expect(stdout).toContain("the step ended with 3");
  expect(stderr).toContain("alice has no usable machine.\n");
  expect(stderr, "the cause was said once").not.toContain("the step ended with 3");
  expect(unwrapped(stderr)).toContain("npx warmpool log alice");
  expect(unwrapped(stderr)).toMatch(/`npx warmpool retry alice` continues .* `--param NAME=VALUE`/);
  const changed = await warmpool(
    ["assign", "alice", "--key", key.file, "--param", "greeting=ho", "--wait"],
    at,
  );
  expect(changed).toMatchObject({ code: 4, stdout: "" });
  expect(unwrapped(changed.stderr)).toMatch(
    /with other params.*If its set-up failed, `npx warmpool retry alice --param NAME=VALUE` changes a parameter/,
  );
  const forPrograms = await warmpool(["assign", "alice", "--key", key.file, "--json"], at);
  expect(JSON.parse(forPrograms.stderr).error.message).toContain("the step ended with 3");
});

test.each<[reason: SetupFailure, says: string, not: string]>([
  ["machine_refused", "The previous keys may still work", "No key opens it now"],
  ["keys_removed", "No key opens it now", "may still open it"],
])(
  "keys that could not be replaced (%s): exit 1, and what opens the machine now is said as it is",
  async (reason, says, not) => {
    await using at = await installation();
    await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    await at.relay.workOff();
    await using key = await keyFile(KEY_B);
    const assigned = warmpool(["assign", "alice", "--key", key.file, "--wait"], at);
    const setup = await leased(at.relay, "setup");
    await at.relay.finish(setup, { outcome: "setup_failed", reason, message: "the disk is full" });
    const { code, stderr } = await assigned;
    expect(code).toBe(1);
    expect(unwrapped(stderr)).toContain("alice has a machine, but not with these keys");
    expect(unwrapped(stderr)).toContain(says);
    expect(unwrapped(stderr)).not.toContain(not);
  },
);

test("--no-wait is the opposite of --wait: it comes back at once, with a place in line", async () => {
  await using at = await installation({ targetSize: 0, maxSize: 1 });
  await using key = await keyFile();
  const ran = await warmpool(["assign", "bob", "--key", key.file, "--no-wait", "--json"], at);
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({ assignment: { state: "waiting" } });
});

test("--no-queue with nothing ready exits 4, with the code and what to do", async () => {
  await using at = await installation({ targetSize: 0, maxSize: 1 });
  await using key = await keyFile();
  const ran = await warmpool(["assign", "bob", "--key", key.file, "--no-queue"], at);
  expect(ran).toMatchObject({ code: 4, stdout: "" });
  expect(ran.stderr).toContain("(NO_CAPACITY)");
  expect(ran.stderr).toContain("Omit --no-queue");
  await expect(at.client.tester.status.query({ username: "bob" })).rejects.toMatchObject({
    data: { code: "NOT_FOUND" },
  });
});

test("--secret takes a parameter's value from a file, without its last line end, and shows it nowhere", async () => {
  await using at = await installation();
  await using key = await keyFile();
  const file = join(dirname(key.file), "greeting");
  await writeFile(file, "a quiet hello\n");
  const ran = await warmpool(["assign", "alice", "--key", key.file, "--secret", `greeting=${file}`], at);
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout + ran.stderr).not.toContain("quiet");
  expect(await at.relay.take("setup")).toMatchObject({
    assignment: { params: { greeting: "a quiet hello" } },
  });
});

test("other parameters for the same tester exit 4, a username that is none exits 2", async () => {
  await using at = await installation();
  await using key = await keyFile();
  const assign = (user: string, ...more: string[]) =>
    warmpool(["assign", user, "--key", key.file, ...more], at);
  expect((await assign("alice", "--param", "greeting=one")).code).toBe(0);
  const other = await assign("alice", "--param", "greeting=two");
  expect(other).toMatchObject({ code: 4, stdout: "" });
  expect(other.stderr).toContain("(CONFLICT)");
  const bad = await assign("Not-A-User");
  expect(bad).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(bad.stderr)).toContain("must be a Linux username");
});

test("several key files are sent as one list", async () => {
  await using at = await installation();
  await using one = await keyFile();
  await using other = await keyFile(KEY_B);
  await warmpool(["assign", "alice", "--key", one.file, "--key", other.file], at);
  expect((await leased(at.relay, "setup")).assignment.sshKeys).toEqual([KEY_A, KEY_B]);
});

test.each([
  [
    "a private key",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n",
    /line 1: the key is a private key; send the public one/,
  ],
  ["a cut key", `${KEY_A}\n${KEY_A.slice(0, 50)}`, /line 2: the key /],
  ["nothing", "# no key\n", /contains no key/],
])("a file with %s is refused before anything is sent", async (_, content, message) => {
  await using key = await keyFile(content);
  const ran = await warmpool(["assign", "alice", "--key", key.file], { url: "http://127.0.0.1:9" });
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(ran.stderr)).toMatch(message);
});

test.each([
  [["--param", "novalue"], "Write it as NAME=VALUE."],
  [["--param", "A=1", "--param", "A=2"], "A is given twice."],
  [["--ttl", "soon"], '"soon" is not a duration.'],
  [["--param", "A=1", "--secret", "A=/nonexistent"], "A is given both by --param and by --secret."],
  [["--secret", "A=/nonexistent"], "cannot read /nonexistent: there is no such file."],
  [["--key", "/nonexistent/id.pub"], "cannot read /nonexistent/id.pub: there is no folder /nonexistent."],
])("%j is wrong use", async (args, message) => {
  await using key = await keyFile();
  const ran = await warmpool(["assign", "alice", "--key", key.file, ...args], { url: "http://127.0.0.1:9" });
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(ran.stderr)).toContain(message);
});

async function leased<Kind extends LeasedOperation["kind"]>(relay: StandInRelay, kind: Kind) {
  return until(`a ${kind} to lease`, async () => {
    const found = (await relay.lease()).find((operation) => operation.kind === kind);
    return found as Extract<LeasedOperation, { kind: Kind }> | undefined;
  });
}

test("a pool whose label no node carries: whoever waits sees why at once, and so does `tester`", async () => {
  await using at = await installation({ targetSize: 0, maxSize: 1 });
  await using key = await keyFile();
  const { spec } = await at.client.pool.get.query({ name: "demo" });
  await at.client.pool.put.mutate({ ...spec, nodeLabels: ["ssd"] });
  let seen = "";
  const onStderr = (soFar: string) => (seen = soFar);
  const assigned = warmpool(["assign", "bob", "--key", key.file, "--wait"], {
    ...at,
    terminal: 70,
    onStderr,
  });
  await until("the reason", () => seen.includes("waiting: no enrolled node carries the label ssd\n"));
  const shown = await warmpool(["tester", "bob"], at);
  expect(shown.stdout).toMatch(/^waits because +no enrolled node carries the label ssd$/m);
  await at.client.tester.release.mutate({ username: "bob" });
  expect((await assigned).code).toBe(1);
  expect(seen.match(/no enrolled node/g)).toHaveLength(1);
});
