import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { sql } from "drizzle-orm";
import { expect, inject, onTestFinished, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { oneIn, isNight } from "../helpers/nightly.ts";
import { ownProgram } from "../helpers/ownProgram.ts";

const SECRET = "hunter2secret";

const MIGRATE = "src/db/migrate.ts";
const SERVER = "src/server.ts";

async function migrating(url: string, program = MIGRATE): Promise<{ code: unknown; said: string }> {
  const child = spawn(process.execPath, ownProgram(program), { env: { ...process.env, DATABASE_URL: url } });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code, said };
}

/** The server's URL, changed. */
function serverUrl(change: (url: URL) => void): string {
  const url = new URL(inject("serverUrl"));
  change(url);
  return url.href;
}

const CASES: [string, () => string, number, RegExp][] = [
  ["nothing listens", () => serverUrl((url) => (url.port = "1")), 1, /cannot reach .*nothing listens there/],
  ["no such host", () => serverUrl((url) => (url.hostname = "nowhere.invalid")), 1, /cannot reach/],
  [
    "a wrong password",
    () => serverUrl((url) => (url.password = SECRET)),
    1,
    /password authentication failed.*28P01/,
  ],
  [
    "no such database",
    () => serverUrl((url) => (url.pathname = "/no_such")),
    1,
    /does not exist.*create the database/,
  ],
  ["a # in the password", () => `postgres://u:${SECRET}#x@127.0.0.1/w`, 2, /DATABASE_URL cannot be used/],
  ["no URL", () => "", 2, /DATABASE_URL is not set/],
];

// Each is a process of its own, which loads all of the program.
test.each(oneIn(6, CASES))("migrate with %s: one sentence", async (_, url, code, sentence) => {
  const ended = await migrating(url());
  expect(ended).toEqual({ code, said: expect.stringMatching(/^warmpool migrate: [^\n]+\n$/) });
  expect(ended.said).toMatch(sentence);
  expect(ended.said).not.toContain(SECRET);
});

test("migrate as a role without rights: one sentence with the reason and what to do", async () => {
  const role = `warmpool_test_role_${randomUUID().slice(0, 8)}`;
  const server = connect(inject("serverUrl"), { max: 1 });
  onTestFinished(() => server.close());
  await server.db.execute(sql.raw(`create role ${role} login password '${SECRET}'`));
  onTestFinished(async () => void (await server.db.execute(sql.raw(`drop role ${role}`))));
  const ended = await migrating(serverUrl((url) => Object.assign(url, { username: role, password: SECRET })));
  expect(ended).toEqual({ code: 1, said: expect.stringMatching(/^warmpool migrate: [^\n]+\n$/) });
  expect(ended.said).toMatch(/permission denied for .*42501.*grant/);
});

test.runIf(isNight)("a server with a malformed URL: one sentence without it", async () => {
  const ended = await migrating(`postgres://u:${SECRET}#x@127.0.0.1/w`, SERVER);
  expect(ended).toEqual({
    code: 2,
    said: expect.stringMatching(/^warmpool server: DATABASE_URL cannot be used: [^\n]+\n$/),
  });
  expect(ended.said).not.toContain(SECRET);
});
