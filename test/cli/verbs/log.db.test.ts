import { expect, test } from "vitest";
import { createClient } from "../../../src/client/index.ts";
import { patiently } from "../../../src/cli/session/patience.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { aPool } from "../../client/samples.ts";
import { Refusal, standIn } from "../../client/standIn.ts";
import { until } from "../../helpers/until.ts";
import { KEY_A, NODE, setUpOf } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { warmpool } from "../run.ts";

test("log --follow prints what comes, cleaned, until the set-up has ended", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  const setup = await at.relay.take("setup");
  const say = (offset: number, text: string) => {
    const log = { offset, end: offset + Buffer.byteLength(text), text };
    const { id, token } = setup;
    return renew(at.db, NODE, at.relay.session, [{ id, token, progress: { kind: "setup", log } }]);
  };
  let seen = "";
  await say(0, "one\n");
  const following = warmpool(["log", "alice", "--follow"], { ...at, onStdout: (soFar) => (seen = soFar) });
  await until("the first line", () => seen === "one\n");
  await say(4, "\u001b[2Jtwo\r\n");
  await until("the second line", () => seen === "one\ntwo\n");
  await at.relay.finish(setup, setUpOf("alice", [KEY_A]));
  expect(await following).toEqual({ code: 0, stdout: "one\ntwo\n", stderr: "" });
  const json = await warmpool(["log", "alice", "--follow", "--json"], at);
  expect(JSON.parse(json.stdout)).toEqual(await at.client.tester.log.query({ username: "alice" }));
});

test("log without --follow prints all there is, however long, and waits for no more", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  const { id, token } = await at.relay.take("setup");
  const printed = `${"x".repeat(40_000)}\n`.repeat(4);
  for (let offset = 0; offset < printed.length; offset += 40_001) {
    const log = { offset, end: offset + 40_001, text: printed.slice(offset, offset + 40_001) };
    await renew(at.db, NODE, at.relay.session, [{ id, token, progress: { kind: "setup", log } }]);
  }
  expect(await warmpool(["log", "alice"], at)).toEqual({ code: 0, stdout: printed, stderr: "" });
});

test("what is followed is asked for again while nobody answers, and it is said once", async () => {
  await using server = await standIn({
    gateway: [{ status: 503, body: "<h1>503</h1>" }],
    pools: () => [aPool()],
  });
  const client = createClient({ url: server.url, token: "t" });
  const notes: string[] = [];
  const found = await patiently({ url: server.url, note: (text) => void notes.push(text) }, () =>
    client.pool.list.query(),
  );
  expect(found).toEqual([aPool()]);
  expect(notes).toEqual([`${server.url} does not respond; retrying.`]);
});

test("an answer that is final is not asked for again", async () => {
  await using server = await standIn({
    pools: () => {
      throw new Refusal("FORBIDDEN", "FORBIDDEN", "no");
    },
  });
  const client = createClient({ url: server.url, token: "t" });
  const call = patiently({ url: server.url, note: () => {} }, () => client.pool.list.query());
  await expect(call).rejects.toMatchObject({ data: { code: "FORBIDDEN" } });
  expect(server.requests).toHaveLength(1);
});
