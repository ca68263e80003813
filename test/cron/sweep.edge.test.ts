import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { DUTIES } from "../../src/contract/sweep.ts";
import { sweep } from "../../src/cron/sweep.ts";
import { rows } from "../../src/db/client.ts";
import { SETTINGS } from "../../src/domain/core/limits.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge } from "../api/edges.ts";
import { testDb } from "../helpers/db.ts";
import { until } from "../helpers/until.ts";
import { makeWorld, NODE } from "../helpers/world.ts";
import { isNight } from "../helpers/nightly.ts";
import { ownProgram } from "../helpers/ownProgram.ts";

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("R10 the schedule runs every duty", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url);
    await edge.cron();
    const beats = await rows<{ duty: string; outcome: string }>(t.db, sql`select duty, outcome from duties`);
    expect(beats.map(({ duty }) => duty).toSorted()).toEqual([...DUTIES].toSorted());
    expect(beats.filter(({ outcome }) => outcome !== "done")).toEqual([]);
  });

  test.runIf(runtime === "node" || isNight)("/healthz is red and names the duty that is late", async () => {
    await using t = await testDb();
    await sweep(t.db);
    await using edge = await startEdge(runtime, t.url);
    expect((await fetch(`${edge.url}/healthz`)).status).toBe(200);
    await t.db.execute(sql`
      update duties set last_end_at = now() - make_interval(secs => ${SETTINGS.dutyLateSeconds + 1}) where duty = 'reap'`);
    const health = await fetch(`${edge.url}/healthz`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      problems: [expect.stringMatching(/^duty reap is late: last ended 20/) as string],
    });
  });

  test.runIf(runtime === "node" || isNight)(
    "/healthz is red and names every duty that the sweeps never reach",
    async () => {
      await using t = await testDb({ max: 5 });
      await makeWorld(t.db);
      await t.db.execute(sql`update nodes set last_seen_at = now() - interval '10 minutes'`);
      await using edge = await startEdge(runtime, t.url);
      const stuck = await t.db.transaction(async (tx) => {
        await tx.execute(sql`select 1 from nodes for update`);
        const running = sweep(t.db);
        const waiting = sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%last_seen_at <%'`;
        await until("it to be stuck in silence", async () => (await rows(t.db, waiting)).length > 0);
        await t.db.execute(sql`
        update duties set last_start_at = now() - make_interval(secs => ${SETTINGS.dutyLateSeconds + 1})`);
        const health = await fetch(`${edge.url}/healthz`);
        expect(health.status).toBe(503);
        const problems = DUTIES.slice(1).map((duty) => `duty ${duty} is late: last ended never`);
        expect(await health.json()).toEqual({ status: "failing", problems });
        return { running };
      });
      await stuck.running;
      expect((await fetch(`${edge.url}/healthz`)).status).toBe(200);
    },
  );

  test("R10 a relay's poll runs a sweep that is overdue, or that never was: a lost trigger does not stop the pool", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const { token } = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
    const [node] = await rows<{ session: string }>(t.db, sql`select session from nodes`);
    const poll = () =>
      fetch(`${edge.url}/trpc/relay.lease`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ session: node?.session, free: { setups: 0, others: 0 }, waitSeconds: 0 }),
      });
    const ends = () =>
      rows<{ at: string }>(
        t.db,
        sql`select last_end_at::text as at from duties where last_end_at is not null order by 1`,
      );
    const runSince = async (before: string) => {
      const ended = await ends();
      return ended.length === DUTIES.length && (ended[0]?.at ?? "") > before;
    };
    expect((await poll()).status).toBe(200);
    await until("every duty to have run", () => runSince(""));

    const fresh = await ends();
    expect((await poll()).status).toBe(200);
    expect(await ends()).toEqual(fresh);

    await t.db.execute(sql`update duties set last_start_at = last_start_at - interval '10 minutes',
      last_end_at = last_end_at - interval '10 minutes'`);
    expect((await poll()).status).toBe(200);
    await until("every duty to have run again", () => runSince(fresh.at(-1)?.at ?? ""));
  });
});

test.runIf(isNight)("R10 the Node entry runs every duty by its own timer, again and again", async () => {
  await using t = await testDb();
  const server = spawn(process.execPath, ownProgram("src/server.ts"), {
    env: {
      ...process.env,
      DATABASE_URL: t.url,
      PORT: "0",
      WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
      WARMPOOL_SWEEP_SECONDS: "1",
    },
    stdio: "ignore",
  });
  const ended = once(server, "exit");
  try {
    const oldest = async () => {
      const beats = await rows<{ at: string | null }>(t.db, sql`select last_end_at::text as at from duties`);
      const ends = beats.flatMap(({ at }) => (at === null ? [] : [at]));
      return ends.length === DUTIES.length ? (ends.toSorted()[0] ?? null) : null;
    };
    const first = await until("every duty to have run", oldest);
    await until("every duty to have run again", async () => ((await oldest()) ?? "") > first);
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
});

test("R10 wrangler.toml has the trigger of every minute", async () => {
  const toml = await readFile(fileURLToPath(new URL("../../wrangler.toml", import.meta.url)), "utf8");
  expect(toml).toMatch(/^crons = \["\* \* \* \* \*"\]$/m);
});
