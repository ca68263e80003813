import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { readLog } from "../../../src/domain/assignments/setupLog.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { APP, KEY_A, makeWorld, NODE } from "../../helpers/world.ts";

const PIECE = 48 * 1024;
/** Twice as much as is kept. */
const PIECES = Math.ceil((2 * (SETTINGS.logHeadBytes + SETTINGS.logTailBytes)) / PIECE);

/** Alice's set-up, and how its relay sends a piece of the log. */
async function setUp(t: TestDb) {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const setup = await relay.take("setup");
  const { id, token } = setup;
  let offset = 0;
  const print = async (text: string) => {
    const log = { offset, end: offset + text.length, text };
    await renew(t.db, NODE, relay.session, [{ id, token, progress: { kind: "setup", log } }]);
    offset += text.length;
  };
  return { assignment: assignment.id, print };
}

const piece = (n: number) => `${`piece ${n} `.padEnd(PIECE - 1, "x")}\n`;

async function readAll(db: Db, assignment: string): Promise<string> {
  let whole = "";
  for (let after = 0; ;) {
    const { text, next } = await readLog(db, assignment, after);
    if (next === after) return whole;
    whole += text;
    after = next;
  }
}

test("of a log without end its head and its tail are kept, and what is missing is told", async () => {
  await using t = await testDb();
  const { assignment, print } = await setUp(t);
  for (let n = 0; n < PIECES; n += 1) await print(piece(n));
  await print("the disk is full\n");

  const [kept] = await rows<{ bytes: number }>(
    t.db,
    sql`select sum(octet_length(text))::int as bytes from setup_logs`,
  );
  expect(kept?.bytes).toBeGreaterThan(SETTINGS.logHeadBytes + SETTINGS.logTailBytes - PIECE);
  expect(kept?.bytes).toBeLessThan(SETTINGS.logHeadBytes + SETTINGS.logTailBytes + 3 * PIECE);

  const whole = await readAll(t.db, assignment);
  expect(whole.startsWith(piece(0) + piece(1))).toBe(true);
  expect(whole.endsWith(`${piece(PIECES - 1)}the disk is full\n`)).toBe(true);
  const [marker, bytes] = /\n\[… (\d+) bytes of the log are omitted here …\]\n/.exec(whole) ?? [];
  const printed = PIECES * PIECE + "the disk is full\n".length;
  expect(whole.length - (marker?.length ?? 0) + Number(bytes)).toBe(printed);
});

test("who follows a log without end gets all of it, piece by piece, though its middle is dropped meanwhile", async () => {
  await using t = await testDb();
  const { assignment, print } = await setUp(t);
  let followed = "";
  let after = 0;
  let printed = "";
  for (let n = 0; n < PIECES; n += 1) {
    await print(piece(n));
    printed += piece(n);
    const { text, next, done } = await readLog(t.db, assignment, after);
    expect(done).toBe(false);
    followed += text;
    after = next;
  }
  expect(followed === printed).toBe(true);
  expect(await readLog(t.db, assignment, after)).toEqual({ text: "", next: after, done: false });
});
