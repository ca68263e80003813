import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { expect, test } from "vitest";
import type { Check } from "../../../src/cli/doctor/check.ts";
import { clocksCheck, databaseCheck } from "../../../src/cli/doctor/edge.ts";
import { nodesCheck } from "../../../src/cli/doctor/node.ts";
import { poolsCheck } from "../../../src/cli/doctor/pool.ts";
import { secretKeyCheck } from "../../../src/cli/doctor/secretKey.ts";
import { packageVersion } from "../../../src/cli/session/packageVersion.ts";
import type { InstallationCheck } from "../../../src/contract/installation.ts";
import { aPool } from "../../client/samples.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { ADMIN_TOKEN } from "../../api/edges.ts";
import { installation } from "../installation.ts";
import type { Installation } from "../installation.ts";
import { longest, unwrapped, warmpool } from "../run.ts";
import { oneIn } from "../../helpers/nightly.ts";

/** An installation with nothing wrong: swept, and its relay of this version. */
async function sound(): Promise<Installation> {
  const at = await installation();
  await at.client.sweep.run.mutate();
  await at.db.execute(sql`update nodes set relay_version = ${packageVersion()}`);
  return at;
}

async function findings(at: { url: string }): Promise<{ code: number; ok: boolean; checks: Check[] }> {
  const ran = await warmpool(["doctor", "--json"], at);
  return { code: ran.code, ...JSON.parse(ran.stdout) };
}

test("nothing is wrong: a line for each part, and exit 0", async () => {
  await using at = await sound();
  const found = await findings(at);
  expect(found).toMatchObject({ code: 0, ok: true });
  expect(found.checks.map(({ name }) => name)).toEqual([
    "edge",
    "token",
    "database",
    "migrations",
    "clocks",
    "secret key",
    "duties",
    "tokens",
    "node n1",
    "pool demo",
    "ssh program",
  ]);
  const shown = await warmpool(["doctor"], at);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^ok +edge +http:\/\/127\.0\.0\.1:\d+ responds in \d+ ms: ok\n/);
  expect(shown.stdout).toMatch(/\n\nNothing is wrong\.\n$/);
  expect(longest(shown.stdout)).toBeLessThanOrEqual(80);
});

const FAULTS: [name: string, fault: SQL, message: RegExp, fix: RegExp][] = [
  [
    "migrations",
    sql`delete from drizzle.__drizzle_migrations where id = (select max(id) from drizzle.__drizzle_migrations)`,
    /^1 of \d+ are missing$/,
    /npx warmpool migrate/,
  ],
  [
    "migrations",
    sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 9999999999999)`,
    /newer than this command/,
    /the same version of warmpool as the edge/,
  ],
  [
    "duties",
    sql`update duties set last_end_at = now() - interval '1 hour', last_start_at = now() - interval '1 hour' where duty = 'probe'`,
    /^late: probe \(last ended 1h ago\)$/,
    /cron trigger/,
  ],
  [
    "duties",
    sql`update duties set outcome = 'failed', error = 'out of luck' where duty = 'reap'`,
    /^failed in the last sweep: reap: out of luck$/,
    /`warmpool sweep/,
  ],
  [
    "tokens",
    sql`insert into tokens (name, role, hash, expires_at) values ('main app', 'app', 'x', now() + interval '25 hours')`,
    /^expire soon: "main app" \(app\) in 1d/,
    /deploy it/,
  ],
  [
    "secret key",
    sql`with made as (
        insert into assignments (pool, username, state, ssh_keys, params, secrets, recipe, recipe_version)
        select 'demo', 'alice', 'waiting', '[]', '{}', '{"license": {"key": "gone", "iv": "AAAA", "text": "AAAA"}}', name, version
        from recipes limit 1 returning id, pool, username)
      insert into testers (assignment, pool, username) select id, pool, username from made`,
    /^1 of 1 assignments with a secret cannot be set up: the key that encrypted the secret is missing$/,
    /append that key to WARMPOOL_SECRET_KEY/,
  ],
  ["node n1", sql`update nodes set relay_version = '0.0.1'`, /version 0\.0\.1, this command/, /same version/],
  ["node n1", sql`update nodes set state = 'silent'`, /last heard \ds ago/, /start the relay/],
  ["node n1", sql`update nodes set state = 'enrolled'`, /no relay has joined/, /node enroll n1/],
  [
    "node n1",
    sql`update nodes set orphans = '{"a": {"since": "2026-11-24T10:00:00.000Z", "confirmedBy": null}}',
      orphan_brake = '{"reason": "several", "since": "2026-11-24T10:00:00.000Z", "count": 3}'`,
    /^1 orphans: several at once, so none is torn down$/,
    /`warmpool node reap n1/,
  ],
  [
    "node n1",
    sql`update nodes set orphan_brake = '{"reason": "behind", "since": "2026-11-24T10:00:00.000Z", "seen": 50, "known": 40}'`,
    /^the database is an older copy: the relay has seen machine 50, the database knew no further than 40/,
    /`warmpool node reap n1/,
  ],
  ["node n1", sql`update nodes set ssh_public_key = null`, /has no SSH key/, /restart the relay/],
  [
    "pool demo",
    sql`update pools set spec = spec || '{"targetSize": 5, "maxSize": 5}', create_failures = 3`,
    /^3 creates failed in a row, most recently: /,
    /warmpool machine list --state deleted/,
  ],
  [
    "node n1",
    sql`update nodes set listing = jsonb_set(listing, '{startedAt}', to_jsonb(to_char(now() + interval '10 minutes', 'YYYY-MM-DD"T"HH24:MI:SSOF')))`,
    /^its clock is ahead by (9m|10m)/,
    /NTP/,
  ],
];

test.each(oneIn(3, FAULTS))(
  "it finds that %s is wrong (%#), says how to mend it, and exits 1",
  async (name, fault, message, fix) => {
    await using at = await sound();
    await at.db.execute(fault);
    const { code, ok, checks } = await findings(at);
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(checks.filter(({ state }) => state !== "ok")).toEqual([
      { name, state: "wrong", message: expect.stringMatching(message), fix: expect.stringMatching(fix) },
    ]);
    const shown = await warmpool(["doctor"], at);
    expect(shown.code).toBe(1);
    expect(shown.stdout).toMatch(/^WRONG {2}/m);
    expect(shown.stdout).toMatch(/\n\n1 problem found\.\n$/);
    expect(longest(shown.stdout)).toBeLessThanOrEqual(80);
  },
);

test("an edge that does not answer, and a token that it refuses", async () => {
  const away = await warmpool(["doctor"], { url: "http://127.0.0.1:9" });
  expect(away.code).toBe(1);
  expect(unwrapped(away.stdout)).toMatch(/WRONG +edge +http:\/\/127\.0\.0\.1:9 does not respond/);
  await using at = await sound();
  const refused = await warmpool(["doctor"], { ...at, env: { WARMPOOL_TOKEN: "wp_admin_wrong" } });
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(/^WRONG +token /m);
});

test("a file that a stack left behind, and a relay's key that others can read", async () => {
  await using folder = await temporaryFolder();
  const pids = { supervisor: 2 ** 22 - 1, edge: process.pid };
  const local = { url: "http://127.0.0.1:9", adminToken: ADMIN_TOKEN, databaseUrl: "d", pids };
  await writeFile(join(folder.path, "local.json"), JSON.stringify(local));
  await mkdir(join(folder.path, "relay"));
  await writeFile(join(folder.path, "relay", "id_ed25519"), "", { mode: 0o600 });
  await chmod(join(folder.path, "relay", "id_ed25519"), 0o644);
  const ran = await warmpool(["doctor", "--state-dir", folder.path, "--json"]);
  const { checks } = JSON.parse(ran.stdout) as { checks: Check[] };
  expect(checks).toContainEqual({
    name: "local stack",
    state: "wrong",
    message: expect.stringMatching(
      /belongs to a stack that is no longer running: supervisor \(pid 4194303\) missing$/,
    ),
    fix: expect.stringContaining("npm start"),
  });
  expect(checks).toContainEqual({
    name: "relay's key",
    state: "wrong",
    message: expect.stringContaining("other users of this host can read"),
    fix: `chmod 600 ${join(folder.path, "relay", "id_ed25519")}`,
  });
});

const seen: InstallationCheck = {
  installation: "i",
  caller: { role: "admin", name: "bootstrap" },
  clocks: { edge: "2026-11-25T10:00:00.000Z", database: "2026-11-25T10:00:01.000Z" },
  database: { version: "17.2", migrations: { applied: 1, latest: 1 } },
  secrets: { keys: 1, problem: null, pools: [], assignments: 0, unreadable: 0, older: 0, unknowable: 0 },
  nodes: [],
};
const moment = Date.parse("2026-11-25T10:00:00.000Z");

test.each([
  [0, 0.1, "ok"],
  // A slow answer is no wrong clock.
  [20, 30, "ok"],
  [20, 1, "wrong"],
  [-20, 1, "wrong"],
])("this machine's clock %d s after the edge's, the answer took %d s: %s", (seconds, took, state) => {
  expect(clocksCheck(seen, moment + seconds * 1000, took).state).toBe(state);
});

test("the edge's and the database's clocks differ", () => {
  const clocks = { edge: "2026-11-25T10:00:00.000Z", database: "2026-11-25T10:01:00.000Z" };
  expect(clocksCheck({ ...seen, clocks }, moment, 0).message).toContain("the edge and the database by 1m");
});

test.each([
  ["14.9", "wrong"],
  ["15.4 (Debian 15.4-1)", "ok"],
  ["18.1", "ok"],
  ["19.0", "wrong"],
])("Postgres %s: %s", (version, state) => {
  expect(databaseCheck({ ...seen, database: { ...seen.database, version } }).state).toBe(state);
});

test.each<[Partial<InstallationCheck["secrets"]>, Check["state"], RegExp]>([
  [{ keys: 0 }, "ok", /^none is set, and no pool's recipe takes a secret$/],
  [{ keys: 0, pools: ["demo", "big"] }, "wrong", /secrets are refused for demo, big$/],
  [{ keys: 0, problem: "WARMPOOL_SECRET_KEY has to be so" }, "wrong", /^WARMPOOL_SECRET_KEY has to be so$/],
  [
    { assignments: 3, unreadable: 2 },
    "wrong",
    /^2 of 3 assignments .* the key that encrypted the secret is missing$/,
  ],
  // Whatever else is said: what is sealed and cannot be opened comes first.
  [{ keys: 0, pools: ["demo"], assignments: 1, unreadable: 1 }, "wrong", /^1 of 1 assignments/],
  [{ assignments: 3 }, "ok", /^3 live assignments have a secret$/],
  [{ keys: 2, assignments: 3, older: 2 }, "ok", /; 2 of them need an older key: keep it$/],
  [{ keys: 2, assignments: 3 }, "ok", /; none needs an older key: remove all keys but the first$/],
  [
    { assignments: 3, unknowable: 1 },
    "ok",
    /; the key of 1 is missing: repeating their assign with the same secret is a CONFLICT/,
  ],
])("of the secret key %j it says %s", (secrets, state, message) => {
  const found = secretKeyCheck({ ...seen, secrets: { ...seen.secrets, ...secrets } });
  expect(found).toMatchObject({ state, message: expect.stringMatching(message) });
});

test("without a node nothing makes machines", () => {
  expect(nodesCheck([], seen, "1", moment)).toMatchObject([{ name: "nodes", state: "wrong" }]);
});

test("a pool whose set-ups fail is wrong, though its machines are ready", () => {
  const condition = {
    type: "SetupsWork" as const,
    status: false,
    reason: "SetupsFailing",
    message: "2 of 2 failed",
    since: "2026-11-24T10:00:00.000Z",
  };
  expect(poolsCheck([aPool({ conditions: [condition] })])).toEqual([
    {
      name: "pool demo",
      state: "wrong",
      message: "2 of 2 failed",
      fix: expect.stringContaining("warmpool tester list --state failed"),
    },
  ]);
});

test("a pool whose nodes have no relay is not called ok while machines are missing", () => {
  const condition = {
    type: "Progressing" as const,
    status: false,
    reason: "NoNodeOnline",
    message: "no relay of its nodes is online (n1: silent); start one",
    since: "2026-11-24T10:00:00.000Z",
  };
  const { spec } = aPool();
  expect(poolsCheck([aPool({ conditions: [condition], claimable: 0 })])).toEqual([
    {
      name: "pool demo",
      state: "unknown",
      message: `0 of ${spec.targetSize} ready: no relay of its nodes is online (n1: silent); start one`,
      fix: null,
    },
  ]);
});
