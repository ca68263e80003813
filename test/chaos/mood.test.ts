import { expect, onTestFinished, test } from "vitest";
import { actOf, MOODS, MoodServer } from "../../chaos/far/mood.ts";

const COMMANDS = ["create", "get", "list", "start", "stop", "delete", "capacity", "version"];

/** What of a mood is no honest answer, command by command. */
const lies = (mood: (typeof MOODS)[number]) =>
  COMMANDS.filter((command) => JSON.stringify(actOf(mood, command)) !== JSON.stringify(actOf(null, command)));

test("in no mood every call is passed on as it is", () => {
  for (const command of COMMANDS)
    expect(actOf(null, command)).toEqual({ delaySeconds: 0, run: command, tell: "answer", exit: null });
});

test("a lie is about one thing, so that the rest can prove it", () => {
  expect(lies("untrue_deletes")).toEqual(["delete"]);
  expect(lies("half_deletes")).toEqual(["delete"]);
  expect(lies("empty_listings")).toEqual(["list"]);
  expect(lies("cut_listings")).toEqual(["list"]);
  expect(lies("full")).toEqual(["create"]);
  expect(lies("lost_answers")).toEqual(["create", "start", "stop", "delete"]);
});

test("a delete that is not true carries nothing out, a half one only stops", () => {
  expect(actOf("untrue_deletes", "delete")).toMatchObject({ run: null, exit: 0 });
  expect(actOf("half_deletes", "delete")).toMatchObject({ run: "stop", exit: null });
});

test.each(MOODS)("%s changes something", (mood) => {
  expect(lies(mood)).not.toEqual([]);
});

test("counts the calls that a mood was felt in, and is honest when it has ended", async () => {
  const server = await MoodServer.open(async () => undefined);
  onTestFinished(() => server.close());
  const ask = async (command: string): Promise<unknown> => {
    const answer = await fetch(server.url, { method: "POST", body: JSON.stringify({ command, port: null }) });
    return answer.json();
  };
  const spell = server.begin("full");
  expect(await ask("list")).toEqual(actOf(null, "list"));
  expect(spell.hits()).toBe(0);
  expect(await ask("create")).toEqual(actOf("full", "create"));
  expect(spell.hits()).toBe(1);
  const next = server.begin("failing");
  spell.end();
  expect(await ask("list")).toEqual(actOf("failing", "list"));
  next.end();
  expect(await ask("create")).toEqual(actOf(null, "create"));
  expect([spell.hits(), next.hits()]).toEqual([1, 1]);
});
