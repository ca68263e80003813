import { expect, test } from "vitest";
import { EventLog, EVENTS } from "../../../src/cli/views/eventLog.ts";
import { timelineLines } from "../../../src/cli/verbs/timeline.ts";
import type { EventView } from "../../../src/contract/event.ts";
import type { TimelineEntry } from "../../../src/contract/machine.ts";
import { tell } from "../../../src/domain/core/event.ts";
import { until } from "../../helpers/until.ts";
import { KEY_A } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { warmpool } from "../run.ts";
import { isNight } from "../../helpers/nightly.ts";

/** What timelines and events look like to who reads them in the night. */

const entry: TimelineEntry = {
  id: 1,
  at: "2026-11-24T23:59:58.000Z",
  kind: "machine",
  from: null,
  to: "provisioning",
  actor: "system:replenish",
  reason: "refill",
  attempt: null,
  seconds: 12.4,
  username: null,
  data: null,
};

test("a timeline: when, what, for how long, why, by whom, causes below, days apart", () => {
  const lines = timelineLines(
    [
      entry,
      {
        ...entry,
        at: "2026-11-25T00:00:10.000Z",
        to: "ready",
        actor: "node:n1",
        reason: "known_good",
        seconds: 3725,
      },
      {
        ...entry,
        at: "2026-11-25T01:02:15.000Z",
        to: "deleting",
        reason: "strikes",
        attempt: 3,
        data: { cause: "connection \u001b[31mrefused" },
      },
      {
        ...entry,
        at: "2026-11-25T01:02:16.000Z",
        kind: "assignment",
        to: "active",
        username: "alice",
        seconds: null,
      },
    ],
    80,
  );
  expect(lines).toEqual([
    "UTC       WHAT                    FOR      WHY                 BY",
    "2026-11-24",
    "23:59:58  provisioning            12s      refill              system:replenish",
    "2026-11-25",
    "00:00:10  ready                   1h 2m    known good          node:n1",
    "01:02:15  deleting                12s      strikes             system:replenish",
    "          try 3: connection \\u001b[31mrefused",
    "01:02:16  alice: active                    refill              system:replenish",
  ]);
});

const event: EventView = {
  id: 1,
  at: "2026-11-25T00:00:10.000Z",
  kind: "machine",
  actor: "system:probe",
  reason: "probe_dead",
  pool: "demo",
  node: "n1",
  machine: "0192f0c1-0000-7000-8000-000000000007",
  machineName: "demo-7",
  assignment: null,
  username: null,
  operation: null,
  before: "ready",
  after: "suspect",
  data: { cause: "refused", strikes: 1 },
};

test("events: one line each, what does not fit below it, the day once", () => {
  const log = new EventLog(80);
  const change = { targetSize: 200, maxSize: 300, image: "debian-13-with-everything-in-it" };
  expect(log.lines([event])).toEqual([
    "2026-11-25 (UTC)",
    "00:00:10  demo-7: ready to suspect            probe dead        system:probe",
    "          refused",
  ]);
  const pool = {
    kind: "pool",
    machine: null,
    machineName: null,
    data: null,
    actor: "admin:anna",
    reason: "spec_changed",
  } as const;
  const before = { targetSize: 3, maxSize: 5, image: "debian-12" };
  expect(log.lines([{ ...event, ...pool, before, after: change }])).toEqual([
    "00:00:10  pool demo                           spec changed      admin:anna",
    "          targetSize 3 to 200, maxSize 5 to 300, image debian-12 to",
    "          debian-13-with-everything-in-it",
  ]);
});

test("a sweep that somebody asked for → a short line with what changed, and all of it in -o wide", () => {
  const done = { outcome: "done", changes: 0, report: { "a count with a long name": 0 } };
  const duties = Object.fromEntries(["expire", "probe", "shrink", "reap"].map((duty) => [duty, done]));
  const sweep = {
    ...event,
    kind: "sweep",
    machine: null,
    machineName: null,
    pool: null,
    node: null,
  } as const;
  const after = { ...duties, match: { ...done, changes: 2 }, tally: { ...done, outcome: "failed" } };
  const asked = { ...sweep, reason: "asked_for", data: null, before: null, after };
  const shown = new EventLog(80).lines([asked]);
  expect(shown.slice(1)).toEqual([
    "00:00:10  sweep: match 2, tally failed        asked for         system:probe",
  ]);
  const of = (name: string) => EVENTS.columns.find(({ title }) => title === name)?.value(asked);
  expect(of("CHANGE")).toBe("match 2, tally failed");
  expect(of("WHOLE CHANGE")).toContain(
    "expire (outcome done, changes 0, report (a count with a long name 0))",
  );
});

test("a change that is longer than a few lines → cut, with where all of it is", () => {
  const long = { ...event, before: null, after: { keys: "k".repeat(2000) } };
  const shown = new EventLog(80).lines([long]).join("\n");
  expect(shown.length).toBeLessThan(500);
  expect(shown).toMatch(/…\s+\(whole: --json\)/);
});

test("events and timelines at 80 columns: names, reasons and who did it are whole, however long", () => {
  const actor = `node:${"long-host-name".repeat(4)}`;
  const machineName = "pool-with-a-name-of-30-letters-123-0c44";
  const reason = "tester_machine_down";
  const shown = new EventLog(80).lines([{ ...event, machineName, reason, actor }]);
  expect(shown).toEqual([
    "2026-11-25 (UTC)",
    `00:00:10  ${machineName}  tester machine down`,
    `          ${actor}`,
    "          ready to suspect",
    "          refused",
  ]);
  const username = "tester_with_a_name_of_32_letters";
  const lines = timelineLines(
    [{ ...entry, kind: "assignment", to: "setting_up", username, reason, actor }],
    80,
  );
  expect(lines.slice(2)).toEqual([
    `23:59:58  ${username}: setting_up  12s  tester machine down`,
    `          ${actor}`,
  ]);
});

test("events --follow prints what comes, each once, in order, until its token is revoked", async () => {
  await using at = await installation();
  const viewer = await at.client.token.create.mutate({ name: "watcher", role: "viewer" });
  await at.client.tester.assign.mutate({ username: "before", sshKeys: [KEY_A] });
  let seen = "";
  const followed = warmpool(["events", "--follow", "--kind", "assignment", "--json"], {
    url: at.url,
    env: { WARMPOOL_TOKEN: viewer.token },
    onStdout: (text) => {
      seen = text;
    },
  });
  const events = () =>
    seen
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as EventView);
  await until("the following has begun", () => seen !== "");
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  await at.relay.workOff();
  const isLast = (one: EventView | undefined) => one?.username === "alice" && one.after === "active";
  await until("the last event is shown", () => isLast(events().at(-1)));
  const all = await at.client.event.list.query({ kind: "assignment" });
  expect(events()).toEqual(all.items.toReversed());
  await at.client.token.revoke.mutate({ id: viewer.id });
  expect(await followed).toMatchObject({ code: 1, stderr: expect.stringContaining('"code":"UNAUTHORIZED"') });
});

test.runIf(isNight)(
  "events --follow misses nothing that was being stored when it began, with a lower id than the few it shows",
  async () => {
    await using at = await installation();
    let seen = "";
    await tell(at.db, { kind: "sweep", actor: "admin:before", reason: "asked_for" });
    await at.db.transaction(async (tx) => {
      await tell(tx, { kind: "sweep", actor: "admin:slow", reason: "asked_for" });
      await tell(at.db, { kind: "sweep", actor: "admin:fast", reason: "asked_for" });
      void warmpool(["events", "--follow", "--kind", "sweep", "--limit", "1", "--json"], {
        url: at.url,
        onStdout: (text) => (seen = text),
      });
      await until("the following has begun", () => seen.includes("admin:fast"));
      expect(seen).not.toContain("admin:slow");
    });
    await until("the late one is shown", () => seen.includes("admin:slow"));
    await tell(at.db, { kind: "sweep", actor: "admin:last", reason: "asked_for" });
    await until("the last one is shown", () => seen.includes("admin:last"));
    expect(seen.match(/"actor":"admin:\w+"/g)).toEqual(
      ["fast", "slow", "last"].map((name) => `"actor":"admin:${name}"`),
    );
  },
);
