import { describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { METRICS } from "../../src/domain/metrics/catalogue.ts";
import { testDb } from "../helpers/db.ts";
import { parseExposition } from "../helpers/exposition.ts";
import { hasPromtool, promtool } from "../helpers/promtool.ts";
import { KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, startEdge } from "./edges.ts";

const scrape = (url: string, token: string | null) =>
  fetch(`${url}/metrics`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });

describe.each(ONE_RUNTIME)("on %s", (runtime) => {
  test("metrics tell what is so and what happened, in Prometheus' format", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 5 });
    await relay.workOff();
    await using edge = await startEdge(runtime, t.url);
    const admin = createClient({ url: edge.url, token: ADMIN_TOKEN });
    await admin.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    // The refill begins after the answer; the sweep makes sure that it has.
    await edge.cron();
    await relay.workOff();

    const response = await scrape(edge.url, ADMIN_TOKEN);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    const series = parseExposition(text);
    expect(Object.fromEntries(series)).toMatchObject({
      'warmpool_machines{pool="demo",state="ready"}': 2,
      'warmpool_machines{pool="demo",state="assigned"}': 1,
      'warmpool_machines{pool="demo",state="held"}': 0,
      'warmpool_machines_claimable{pool="demo"}': 2,
      'warmpool_pool_target{pool="demo"}': 2,
      'warmpool_pool_max{pool="demo"}': 5,
      'warmpool_pool_condition{pool="demo",condition="Ready"}': 1,
      'warmpool_assignments{pool="demo",state="active"}': 1,
      'warmpool_nodes{state="online"}': 1,
      'warmpool_orphans{node="n1",state="seen"}': 0,
      'warmpool_claims_total{pool="demo",outcome="warm"}': 1,
      'warmpool_claims_total{pool="demo",outcome="missed"}': 0,
      'warmpool_operations_total{node="n1",kind="create",outcome="succeeded"}': 3,
      'warmpool_claim_seconds_bucket{pool="demo",le="0.1"}': 1,
      'warmpool_assign_seconds_count{pool="demo"}': 1,
      'warmpool_duty_failed{duty="tally"}': 0,
    });
    const described = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(described).toEqual(Object.keys(METRICS));
    if (hasPromtool()) promtool(["check", "metrics"], text);
  });

  test("metrics take an admin's or a viewer's token", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url);
    const admin = createClient({ url: edge.url, token: ADMIN_TOKEN });
    const app = await admin.token.create.mutate({ name: "main app", role: "app" });
    const viewer = await admin.token.create.mutate({ name: "prometheus", role: "viewer" });
    expect((await scrape(edge.url, viewer.token)).status).toBe(200);
    const codes = [null, "wp_admin_wrong", app.token].map(async (token) => {
      const response = await scrape(edge.url, token);
      return [response.status, ((await response.json()) as { code: string }).code];
    });
    expect(await Promise.all(codes)).toEqual([
      [401, "UNAUTHORIZED"],
      [401, "UNAUTHORIZED"],
      [403, "FORBIDDEN"],
    ]);
  });
});
