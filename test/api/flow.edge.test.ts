import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { DUTIES } from "../../src/contract/sweep.ts";
import { rows } from "../../src/db/client.ts";
import { testDb } from "../helpers/db.ts";
import { KEY_A, makeWorld } from "../helpers/world.ts";
import { until } from "../helpers/until.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge } from "./edges.ts";
import { isNight } from "../helpers/nightly.ts";

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("a tester is assigned, seen, watched and released through the typed client", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 2 });
    await relay.workOff();
    await using edge = await startEdge(runtime, t.url);
    const admin = createClient({ url: edge.url, token: ADMIN_TOKEN });
    const { token } = await admin.token.create.mutate({ name: "main app", role: "app" });
    const app = createClient({ url: edge.url, token });

    const { created, assignment } = await app.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    expect(created).toBe(true);
    expect(assignment.state).toBe("setting_up");

    const seen: string[] = [];
    const watched = new Promise<void>((resolve, reject) => {
      app.tester.watch.subscribe(
        { username: "alice" },
        { onData: ({ data }) => void seen.push(data.state), onComplete: resolve, onError: reject },
      );
    });
    await until("the first event", () => seen.length > 0);
    await relay.workOff();
    await watched;
    expect(seen.at(0)).toBe("setting_up");
    expect(seen.at(-1)).toBe("active");

    expect(await app.tester.status.query({ username: "alice" })).toMatchObject({
      state: "active",
      id: assignment.id,
    });
    const { items } = await app.tester.list.query({ state: "active" });
    expect(items.map((item) => item.username)).toEqual(["alice"]);
    expect(await app.tester.release.mutate({ username: "alice" })).toMatchObject({ state: "released" });
    expect((await admin.pool.get.query({ name: "demo" })).counts).toMatchObject({ ready: 1, deleting: 1 });
    await relay.workOff();
    const machine = await admin.machine.get.query({ id: assignment.machine?.id ?? "" });
    expect(machine).toMatchObject({ state: "deleted", receipt: { kind: "listed" } });
    expect((await app.tester.status.query({ username: "alice" })).accessEndedAt).not.toBeNull();
  });

  test.runIf(isNight)("R10 the cron trigger runs every duty", async () => {
    await using t = await testDb();
    await makeWorld(t.db, { targetSize: 2 });
    await t.db.execute(sql`delete from operations`);
    await t.db.execute(sql`delete from events`);
    await t.db.execute(sql`delete from machines`);
    await using edge = await startEdge(runtime, t.url);
    expect(await (await fetch(`${edge.url}/healthz`)).json()).toMatchObject({ status: "starting" });

    await edge.cron();

    const beats = await rows<{ duty: string; outcome: string }>(t.db, sql`select duty, outcome from duties`);
    expect(new Map(beats.map((beat) => [beat.duty, beat.outcome]))).toEqual(
      new Map(DUTIES.map((duty) => [duty, "done"])),
    );
    expect(await rows(t.db, sql`select 1 from machines where state = 'provisioning'`)).toHaveLength(2);
    expect(await (await fetch(`${edge.url}/healthz`)).json()).toEqual({ status: "ok", problems: [] });

    await t.db.execute(sql`update duties set last_end_at = now() - interval '1 hour' where duty = 'reap'`);
    const late = await fetch(`${edge.url}/healthz`);
    expect(late.status).toBe(503);
    expect(await late.text()).toContain("duty reap is late");
  });
});
