import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { finishInput, renewInput } from "../../../src/contract/relay.ts";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, KEY_A, makeWorld, NODE } from "../../helpers/world.ts";

/** One call carries what many machines have said: what is wrong with one of them is refused alone, and said. */
const step = (step: unknown) => ({ kind: "setup", step: { step, steps: 99, title: "One", percent: 0 } });

const BAD: [string, unknown][] = [
  ["a step that is no whole number", step(2.5)],
  ["a step beyond all numbers", step(1e300)],
  ["a kind that nobody knows", { kind: "elsewhere" }],
  ["a field that nobody knows", { kind: "setup", colour: "red" }],
  ["no object", "x"],
  ["null", null],
  [
    "a title without end",
    { kind: "setup", step: { step: 1, steps: 3, title: "x".repeat(5000), percent: 0 } },
  ],
  [
    "outputs without end",
    { kind: "setup", outputs: Object.fromEntries(Array.from({ length: 12_000 }, (_, n) => [`o${n}`, "1"])) },
  ],
  ["an output of another type", { kind: "setup", outputs: { url: { a: 1 } } }],
  ["an output named __proto__", JSON.parse('{"kind": "setup", "outputs": {"__proto__": "1"}}')],
  [
    "an offset that no column takes",
    { kind: "setup", log: { offset: 2 ** 52, end: 2 ** 53 - 1, text: "x" } },
  ],
  ["a log piece without end", { kind: "setup", log: { offset: 0, end: 9, text: "x".repeat(300_000) } }],
];

test("a report that cannot be taken is refused alone: all leases are held, the other reports are stored", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  for (const username of ["alice", "bob", "carol"])
    await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  const setups = (await relay.lease()).filter(({ kind }) => kind === "setup");
  for (const [at, [what, bad]] of BAD.entries()) {
    await t.db.execute(
      sql`update operations set lease_until = now() - interval '1 s' where state = 'leased'`,
    );
    const reports = [step(at + 10), bad, step(at + 10)];
    const call = renewInput.parse({
      session: relay.session,
      operations: setups.map(({ id, token }, place) => ({ id, token, progress: reports[place] })),
    });
    const { operations } = await renew(t.db, NODE, call.session, call.operations);
    const [first, second, third] = setups.map(({ id }) => ({ id, status: "held" }));
    expect(operations, what).toEqual([first, { ...second, refused: expect.any(String) }, third]);
    const stored = await rows<{ step: string | null; held: boolean }>(
      t.db,
      sql`select a.step ->> 'step' as step, o.lease_until > now() as held from assignments a
        join operations o on o.assignment = a.id and o.state = 'leased'`,
    );
    expect(
      stored.map(({ held }) => held),
      what,
    ).toEqual([true, true, true]);
    expect(
      stored.filter((row) => row.step === String(at + 10)),
      what,
    ).toHaveLength(2);
  }
});

test("a probe's answer that cannot be read says nothing of its machine, and the others count", () => {
  const [session, id, bad] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const answers = [
    { id, answer: "alive", cause: null },
    { id: bad, answer: "dead", cause: "x".repeat(501) },
    { id: "no id", answer: "dead", cause: null },
    7,
  ];
  const { result } = finishInput.parse({
    session,
    id,
    token: 1,
    result: { outcome: "probed", listing: null, answers },
  });
  expect(result).toMatchObject({
    answers: [
      { id, answer: "alive" },
      { id: bad, answer: "unknown", cause: expect.stringMatching(/rejected the relay's result: cause: /) },
      { answer: "unknown" },
      { answer: "unknown" },
    ],
  });
});
