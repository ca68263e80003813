import { type SQL, sql } from "drizzle-orm";
import postgres, { type Sql } from "postgres";
import { expect, test } from "vitest";
import { takenForOurs } from "../../../verify/chaos/observer/copies.ts";
import { deadUnharmed } from "../../../verify/chaos/observer/deaths.ts";
import { explainedReasons, unexplained } from "../../../verify/chaos/observer/reasons.ts";
import { QUESTIONS } from "../../../verify/chaos/observer/rows.ts";
import type { Connection } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld } from "../../helpers/world.ts";
import { oneIn } from "../../helpers/nightly.ts";

/** An observer that sees nothing would pass every run: each of its questions is held against what it asks for. */
const MACHINE = sql`(select id from machines where state = 'ready' limit 1)`;
const ASSIGNED = sql`(select machine from assignments limit 1)`;

const COPY = sql`insert into assignments (pool, username, state, machine, ssh_keys, recipe, recipe_version)
  select pool, username, state, machine, ssh_keys, recipe, recipe_version from assignments`;

const BREACHES: Record<string, SQL[]> = {
  "a machine has one live assignment at most": [
    sql`drop index assignments_one_live_per_machine`,
    sql`drop index assignments_one_live_per_tester`,
    COPY,
  ],
  "a tester has one live assignment at most": [
    sql`drop index assignments_one_live_per_machine`,
    sql`drop index assignments_one_live_per_tester`,
    COPY,
  ],
  "a machine has one live operation at most": [
    sql`drop index operations_one_live_per_machine`,
    sql`insert into operations (kind, node, machine) select 'delete', node, id from machines where id = ${MACHINE}`,
    sql`insert into operations (kind, node, machine) select 'delete', node, id from machines where id = ${MACHINE}`,
  ],
  "the work on a machine is what its state asks for": [
    sql`insert into operations (kind, node, machine) select 'delete', node, id from machines where id = ${MACHINE}`,
  ],
  "no machine of a tester is torn down": [
    sql`update machines set state = 'deleting', deleting_since = now() where id = ${ASSIGNED}`,
  ],
  "a tester's machine goes down only when the hold on it has ended": [
    sql`insert into events (kind, actor, reason, machine, before, after)
      select 'machine', 'system:sweep', 'strikes', id, 'assigned', 'deleting' from machines where id = ${ASSIGNED}`,
  ],
  "a machine is deleted on proof and not otherwise": [
    sql`alter table machines drop constraint machines_gone_by_receipt`,
    sql`update machines set state = 'deleted' where id = ${MACHINE}`,
  ],
  "a pool never has more machines than maxSize": [
    sql`update pools set spec = spec || '{"targetSize": 0, "maxSize": 0}'`,
  ],
  "a pool begins no more creates than it lacks machines": [
    sql`update pools set spec = spec || '{"targetSize": 1}'`,
  ],
  "a machine's record leads without a gap to the state it has": [
    sql`update machines set state = 'suspect', suspect_since = now() where id = ${MACHINE}`,
  ],
  "an assignment's record leads without a gap to the state it has": [
    sql`update assignments set state = 'active', active_at = now()`,
  ],
  "no tester fails by what a machine is before three others were tried": [
    sql`update assignments set state = 'failed', error = '{"code": "machine_refused", "message": "x"}'`,
    sql`insert into events (kind, actor, reason, assignment, before, after, data)
      select 'assignment', 'node:n1', 'setup_failed', id, 'setting_up', 'failed',
        '{"code": "machine_refused", "message": "Read-only file system"}' from assignments`,
  ],
  "those who wait are served in their order": [
    sql`insert into testers (pool, username) values ('demo', 'early')`,
    sql`insert into assignments (pool, username, state, ssh_keys, recipe, recipe_version)
      select pool, 'early', 'waiting', ssh_keys, recipe, recipe_version from assignments`,
    sql`insert into events (kind, actor, reason, assignment, after, at)
      select 'assignment', 'app:test', 'asked_for', id, 'waiting', now() - interval '1 minute'
      from assignments where username = 'early'`,
    sql`insert into testers (pool, username) values ('demo', 'late')`,
    sql`insert into assignments (pool, username, state, ssh_keys, recipe, recipe_version, machine)
      select pool, 'late', 'setting_up', ssh_keys, recipe, recipe_version, ${MACHINE} from assignments
      where username = 'early'`,
    sql`insert into events (kind, actor, reason, assignment, after)
      select 'assignment', 'app:test', 'asked_for', id, 'setting_up' from assignments where username = 'late'`,
  ],
};

async function makeHealthy(connection: Connection): Promise<void> {
  const { db } = connection;
  const relay = await makeWorld(db, { targetSize: 2 });
  await replenish(db, "demo", ADMIN);
  await relay.workOff();
  await assign(connection, { username: "alice", sshKeys: [KEY_A] }, APP);
}

async function brokenIn(url: string): Promise<string[]> {
  return withSql(url, async (own) => {
    const found: string[] = [];
    for (const { invariant, ask } of QUESTIONS) if ((await ask(own)).length > 0) found.push(invariant);
    return found;
  });
}

async function withSql<T>(url: string, use: (own: Sql) => Promise<T>): Promise<T> {
  const own = postgres(url, { max: 1 });
  try {
    return await use(own);
  } finally {
    await own.end();
  }
}

test("nothing is broken where nothing is", async () => {
  await using t = await testDb();
  await makeHealthy(t.connection);
  expect(await brokenIn(t.url)).toEqual([]);
});

test("each question has a breach here", () => {
  expect(QUESTIONS.map(({ invariant }) => invariant).toSorted()).toEqual(Object.keys(BREACHES).toSorted());
});

test.each(oneIn(3, Object.keys(BREACHES)))("sees it broken: %s", async (invariant) => {
  await using t = await testDb();
  await makeHealthy(t.connection);
  for (const statement of BREACHES[invariant] ?? []) await t.db.execute(statement);
  expect(await brokenIn(t.url)).toContain(invariant);
});

test("a reason that no document explains is seen", async () => {
  await using t = await testDb();
  await makeHealthy(t.connection);
  const explained = explainedReasons();
  expect(await withSql(t.url, (own) => unexplained(own, explained))).toEqual([]);
  await t.db.execute(
    sql`insert into events (kind, actor, reason) values ('machine', 'system:sweep', 'a_whim')`,
  );
  expect(await withSql(t.url, (own) => unexplained(own, explained))).toEqual([`machine: "a_whim"`]);
});

test("a machine that was taken for dead is seen, unless it was harmed", async () => {
  await using t = await testDb();
  await makeHealthy(t.connection);
  const look = (harmed: boolean, after = 0) =>
    withSql(t.url, (own) => deadUnharmed(own, after, () => harmed));
  expect(await look(false)).toEqual({ last: 0, broken: [] });
  await t.db.execute(
    sql`insert into events (kind, actor, reason, machine, before, after, data)
      select 'machine', 'system:sweep', 'probe_dead', id, 'ready', 'suspect', '{"cause": "no answer"}'
      from machines where id = ${MACHINE}`,
  );
  const { last, broken } = await look(false);
  expect(broken).toEqual([expect.stringMatching(/^event \d+: demo-\d+\S* was probe_dead \(no answer\)$/)]);
  expect((await look(true)).broken).toEqual([]);
  expect(await look(false, last)).toEqual({ last, broken: [] });
});

test("a person's copy that is taken for one of ours is seen, by its row or as an orphan that is no copy", async () => {
  await using t = await testDb();
  await makeHealthy(t.connection);
  const kept = ["dave-saved", "debug-copy"];
  const look = () => withSql(t.url, (own) => takenForOurs(own, kept));
  const shown = (waits: string) => ({ since: "2026-11-30T00:00:00.000Z", confirmedBy: null, waits });
  const show = async (orphans: object) =>
    void (await t.db.execute(sql`update nodes set orphans = ${JSON.stringify(orphans)}::jsonb`));
  await show({ "dave-saved": shown("copy"), other: shown("never_given") });
  expect(await look()).toEqual([]);
  await show({ "dave-saved": shown("never_given") });
  expect(await look()).toEqual([
    expect.stringMatching(/^dave-saved is an orphan of \S+ and no copy to it \(never_given\)$/),
  ]);
  await show({});
  await t.db.execute(sql`update machines set name = 'debug-copy' where id = ${MACHINE}`);
  expect(await look()).toEqual(["debug-copy has a row of its own, and is ready"]);
});
