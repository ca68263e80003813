import { expect, onTestFinished, test } from "vitest";
import { actOf, changedBy, MOODS, MoodServer } from "../../../verify/chaos/far/mood.ts";

const COMMANDS = ["create", "get", "list", "start", "stop", "delete", "capacity", "version"];

test("in no mood every call is passed on as it is", () => {
  for (const command of COMMANDS)
    expect(actOf(null, command)).toEqual({ delaySeconds: 0, run: command, tell: "answer", exit: null });
});

test("a lie is about one thing, so that the rest can prove it", () => {
  expect(changedBy("untrue_deletes")).toEqual(["delete"]);
  expect(changedBy("half_deletes")).toEqual(["delete"]);
  expect(changedBy("empty_listings")).toEqual(["list"]);
  expect(changedBy("cut_listings")).toEqual(["list"]);
  expect(changedBy("full")).toEqual(["create"]);
  expect(changedBy("lost_answers")).toEqual(["create", "start", "stop", "delete"]);
});

test("a delete that is not true carries nothing out, a half one only stops", () => {
  expect(actOf("untrue_deletes", "delete")).toMatchObject({ run: null, exit: 0 });
  expect(actOf("half_deletes", "delete")).toMatchObject({ run: "stop", exit: null });
});

test.each(MOODS)("%s changes something", (mood) => {
  expect(changedBy(mood)).not.toEqual([]);
});

async function openServer(honestSeconds = 0) {
  const server = await MoodServer.open(async () => undefined, honestSeconds);
  onTestFinished(() => server.close());
  const ask = async (command: string): Promise<unknown> => {
    const answer = await fetch(server.url, { method: "POST", body: JSON.stringify({ command, port: null }) });
    return answer.json();
  };
  return { server, ask };
}

test("a mood begins with the first call that it changes, and is counted by calls", async () => {
  const { server, ask } = await openServer();
  const full = server.begin("full", 60);
  expect(await ask("list")).toEqual(actOf(null, "list"));
  expect(full.hits()).toBe(0);
  for (const command of ["create", "list", "create"])
    expect(await ask(command)).toEqual(actOf("full", command));
  expect(full.hits()).toBe(2);
});

test("one mood at a time: the next waits until the one before is over", async () => {
  const { server, ask } = await openServer();
  const [untrue, empty] = [server.begin("untrue_deletes", 60), server.begin("empty_listings", 60)];
  await ask("delete");
  expect(await ask("list")).toEqual(actOf(null, "list"));
  untrue.end();
  expect(await ask("list")).toEqual(actOf("empty_listings", "list"));
  empty.end();
  expect(await ask("list")).toEqual(actOf(null, "list"));
  expect([untrue.hits(), empty.hits()]).toEqual([1, 1]);
});

test("a mood is over after its time, and one that never began when it ends", async () => {
  const { server, ask } = await openServer();
  const short = server.begin("failing", 0);
  expect(await ask("get")).toEqual(actOf("failing", "get"));
  expect(await ask("get")).toEqual(actOf(null, "get"));
  const never = server.begin("full", 60);
  never.end();
  expect(await ask("create")).toEqual(actOf(null, "create"));
  expect([short.hits(), never.hits()]).toEqual([1, 0]);
});

test("between two moods that change creates the driver is honest for a while, between others it need not be", async () => {
  const { server, ask } = await openServer(60);
  const first = server.begin("untrue_deletes", 60);
  expect(await ask("delete")).toEqual(actOf("untrue_deletes", "delete"));
  first.end();
  const second = server.begin("failing", 60);
  expect(await ask("create")).toEqual(actOf("failing", "create"));
  second.end();
  const [full, half] = [server.begin("full", 60), server.begin("half_deletes", 60)];
  expect(await ask("create")).toEqual(actOf(null, "create"));
  expect(await ask("delete")).toEqual(actOf("half_deletes", "delete"));
  expect([first.hits(), second.hits(), full.hits(), half.hits()]).toEqual([1, 1, 0, 1]);
});

test("of two moods that could begin, the one with fewer commands does", async () => {
  const { server, ask } = await openServer();
  const [slow, untrue] = [server.begin("slow", 60), server.begin("untrue_deletes", 60)];
  expect(await ask("delete")).toEqual(actOf("untrue_deletes", "delete"));
  expect([slow.hits(), untrue.hits()]).toEqual([0, 1]);
});
