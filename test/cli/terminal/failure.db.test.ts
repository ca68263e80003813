import { expect, test } from "vitest";
import { Refusal, standIn } from "../../client/standIn.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { installation } from "../installation.ts";
import { warmpool } from "../run.ts";

/** What a person is told when it does not work: what, why, what to do; and the exit code. */

test("a server that does not run is named, and how to start it", async () => {
  const server = await standIn({});
  await server[Symbol.asyncDispose]();
  const ran = await warmpool(["status"], server);
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr).toBe(
    `warmpool: cannot reach ${server.url}: connection refused.\n` +
      "Warmpool may not be running: try npm start, or another URL with --url.\n",
  );
});

test("an address that is no Warmpool's is told apart from one that is down", async () => {
  await using server = await standIn({ gateway: [{ status: 200, body: "<h1>Welcome</h1>" }] });
  const ran = await warmpool(["status"], server);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/returned a response that is not from Warmpool/);
});

test("no Warmpool at all is said before anything is tried", async () => {
  await using folder = await temporaryFolder();
  const ran = await warmpool(["status", "--state-dir", folder.path]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/no Warmpool\s+found[\s\S]*Start one here with npm start/);
});

test("a foreign token exits 1 with the code and where to look", async () => {
  await using at = await installation();
  const ran = await warmpool(["status", "--token", "wp_app_somebody_elses"], at);
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr).toMatch(/\(UNAUTHORIZED\)[\s\S]*WARMPOOL_TOKEN/);
  expect(ran.stderr).not.toContain("somebody_elses");
});

test("an app's token may not do an admin's work", async () => {
  await using at = await installation();
  const { token } = await at.client.token.create.mutate({ name: "app", role: "app" });
  const ran = await warmpool(["node", "list", "--token", token], at);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("(FORBIDDEN)");
});

test.each([
  ["UNAVAILABLE", "SERVICE_UNAVAILABLE", 1, "Try again"],
  ["CONFLICT", "CONFLICT", 4, ""],
  ["POOL_PAUSED", "CONFLICT", 4, "Resume the pool"],
  ["BAD_REQUEST", "BAD_REQUEST", 2, ""],
] as const)("%s", async (code, carried, exit, hint) => {
  await using server = await standIn({
    pools: () => {
      throw new Refusal(code, carried, "it is not to be.");
    },
  });
  const ran = await warmpool(["status"], server);
  expect(ran.code).toBe(exit);
  expect(ran.stderr).toContain(`it is not to be (${code}).`);
  expect(ran.stderr).toContain(hint);
});

test.each([
  [["statsu"], "unknown command 'statsu'"],
  [["status", "extra"], "too many arguments"],
  [["status", "--nothing"], "unknown option '--nothing'"],
  [["tester"], "missing required argument 'user'"],
  [["assign", "alice"], "required option '--key <file>' not specified"],
  [[], "Usage: warmpool"],
])("wrong use exits 2: %j", async (args, message) => {
  const ran = await warmpool(args, { url: "http://127.0.0.1:9" });
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toContain(message);
});

test.each([["--help"], ["help", "assign"], ["machine", "--help"], ["--version"]])(
  "%s %s is an answer",
  async (...args) => {
    const ran = await warmpool(args);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).not.toBe("");
    expect(Math.max(...ran.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  },
);
