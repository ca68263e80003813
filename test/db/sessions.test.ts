import type { Sql } from "postgres";
import { expect, test } from "vitest";
import { Sessions } from "../../src/db/sessions.ts";

const READ_ONLY = Object.assign(new Error("read-only"), { code: "25006" });
const DUPLICATE = Object.assign(new Error("duplicate"), { code: "23505" });

/** Counts the clients that are opened and those that are ended. */
function counted() {
  const ended: Sql[] = [];
  let opened = 0;
  const sessions = new Sessions(() => {
    opened += 1;
    const client = { end: async () => void ended.push(client) } as unknown as Sql;
    return client;
  });
  return { sessions, ended, opened: () => opened };
}

test("a session that is read-only: all sessions are made anew, and the old ones end", () => {
  const { sessions, ended, opened } = counted();
  const first = sessions.current;
  sessions.failed(first, READ_ONLY);
  expect(sessions.current).not.toBe(first);
  expect(ended).toEqual([first]);
  expect(opened()).toBe(2);
});

test("what an old session still says changes nothing, and neither does the statement's own fault", () => {
  const { sessions, opened } = counted();
  const first = sessions.current;
  sessions.failed(first, DUPLICATE);
  expect(sessions.current).toBe(first);
  sessions.failed(first, READ_ONLY);
  sessions.failed(first, READ_ONLY);
  expect(opened()).toBe(2);
});

test("a server that stays read-only is not dialled anew for every statement", () => {
  const { sessions, opened } = counted();
  for (let statement = 0; statement < 100; statement += 1) sessions.failed(sessions.current, READ_ONLY);
  expect(opened()).toBe(2);
});
