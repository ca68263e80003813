import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { withSession } from "../../../src/cli/session/session.ts";
import type { Session } from "../../../src/cli/session/session.ts";
import { terminalOutput } from "../../../src/cli/terminal/output.ts";
import { live } from "../../../src/cli/verbs/top.ts";
import { ADMIN_TOKEN } from "../../api/edges.ts";
import { until } from "../../helpers/until.ts";
import { KEY_A, specOf } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { longest, warmpool } from "../run.ts";
import { Command } from "commander";
import { isNight } from "../../helpers/nightly.ts";

/** `warmpool top`. */

test("top without a terminal: the page once; whole: what it is made of; csv: the pools", async () => {
  await using at = await installation({ targetSize: 2, maxSize: 3 });
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  await until(
    "the create that follows",
    async () => (await at.client.machine.list.query({})).items.length === 3,
  );
  const once = await warmpool(["top"], { ...at, env: { COLUMNS: "80" } });
  expect(once).toMatchObject({ code: 0, stderr: "" });
  expect(once.stdout).toMatch(/^http:\S+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n\nPOOL [^]*\ndemo +1\/2 /);
  expect(once.stdout).toMatch(/^set-up alice +demo-\S+ /m);
  expect(once.stdout).toMatch(/^create +demo-\S+ +n1 /m);
  expect(once.stdout).not.toContain("\u001b");
  expect(longest(once.stdout)).toBeLessThanOrEqual(80);
  const whole = await warmpool(["top", "--json"], at);
  expect(JSON.parse(whole.stdout)).toMatchObject({
    pools: [{ name: "demo" }],
    testers: [{ username: "alice" }],
  });
  const csv = await warmpool(["top", "-o", "csv", "--columns", "POOL,WAIT"], at);
  expect(csv.stdout).toBe("POOL,WAIT\r\ndemo,0\r\n");
});

test("top as the main app sees it: pools and testers, and no nodes", async () => {
  await using at = await installation();
  const { token } = await at.client.token.create.mutate({ name: "app", role: "app" });
  const once = await warmpool(["top", "--token", token], at);
  expect(once).toMatchObject({ code: 0, stderr: "" });
  expect(once.stdout).not.toMatch(/^NODE/m);
});

test("top on a terminal: what changes is shown by itself, and in the end the terminal is as it was", async () => {
  await using at = await installation({ targetSize: 1, maxSize: 3 });
  const screen = terminal();
  const session = await sessionOn(at.url, screen.stream);
  const stop = new AbortController();
  const running = live(session, { pools: [], nodes: null, machines: null, testers: [] }, stop.signal);
  await until("the stream is followed", () => screen.text().includes("UTC  live"));
  await at.client.pool.put.mutate(specOf({ name: "second", targetSize: 0, maxSize: 1 }));
  await until("the new pool is shown", () => screen.text().includes("second "));
  stop.abort();
  await running;
  expect(screen.text().startsWith("\u001b[?1049h")).toBe(true);
  expect(screen.text().endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
});

test.runIf(isNight)("top on a terminal: without the event stream it looks by itself", async () => {
  await using at = await installation();
  const { token } = await at.client.token.create.mutate({ name: "app", role: "app" });
  const screen = terminal();
  const session = await sessionOn(at.url, screen.stream, token);
  const stop = new AbortController();
  const running = live(session, { pools: [], nodes: null, machines: null, testers: [] }, stop.signal);
  await until("the pool is shown", () => /every 2 s[^]*demo /.test(screen.text()));
  stop.abort();
  await running;
});

async function sessionOn(url: string, stream: ReturnType<typeof terminal>["stream"], token = ADMIN_TOKEN) {
  const out = terminalOutput(stream, stream, {});
  const sessions: Session[] = [];
  const action = withSession({ out, env: {}, url: null, exitCode: 0, ask: null }, async (session) => {
    sessions.push(session);
  });
  const command = new Command("top").option("--url <url>").option("--token <token>").action(action);
  await command.parseAsync(["--url", url, "--token", token], { from: "user" });
  const [session] = sessions;
  if (session === undefined) throw new Error("there is no session");
  return session;
}

function terminal() {
  let text = "";
  const writable = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream: Object.assign(writable, { isTTY: true, rows: 40, columns: 100 }), text: () => text };
}
