import { describe, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { createClient } from "../../src/client/index.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { testDb } from "../helpers/db.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, makeWorld, NODE, setUpOf } from "../helpers/world.ts";
import { SECRET, startReceiver } from "../domain/webhook/receiver.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge } from "./edges.ts";
import { isNight } from "../helpers/nightly.ts";

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("the webhook is told right after the change, and by the sweep", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1 });
    await relay.workOff();
    await using hook = await startReceiver();
    await using edge = await startEdge(runtime, t.url, { webhook: hook.receiver });
    const admin = createClient({ url: edge.url, token: ADMIN_TOKEN });
    await admin.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    const setup = await relay.take("setup");
    const { token } = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
    const finished = await fetch(`${edge.url}/trpc/relay.finish`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        session: relay.session,
        id: setup.id,
        token: setup.token,
        result: setUpOf("alice", [KEY_A]),
      }),
    });
    expect(finished.status).toBe(200);
    await until("the message of the set-up", () => hook.got.length === 1);
    await edge.cron();
    expect(hook.got.length).toBeGreaterThan(1);
    const types = hook.got.map(({ headers, body }) => {
      const told = new Webhook(SECRET).verify(body, headers as Record<string, string>) as { type: string };
      return told.type;
    });
    expect(new Set(types)).toEqual(new Set(["assignment.active", "pool.condition"]));
  });

  test.runIf(runtime === "node" || isNight)(
    "webhook: a test is sent by an admin, and what it was answered is shown to a viewer too",
    async () => {
      await using t = await testDb();
      await using hook = await startReceiver();
      await using edge = await startEdge(runtime, t.url, { webhook: hook.receiver });
      const admin = createClient({ url: edge.url, token: ADMIN_TOKEN });
      const { token } = await admin.token.create.mutate({ name: "looks", role: "viewer" });
      const viewer = createClient({ url: edge.url, token });
      hook.answers.push(503);
      const [failed, accepted] = [await admin.webhook.test.mutate(), await admin.webhook.test.mutate()];
      expect([failed, accepted]).toMatchObject([
        { state: "given_up", httpStatus: 503, error: "the receiver responded with 503" },
        { state: "delivered", httpStatus: 204, error: null },
      ]);
      for (const { headers, body } of hook.got)
        new Webhook(SECRET).verify(body, headers as Record<string, string>);
      await expect(viewer.webhook.test.mutate()).rejects.toMatchObject({ data: { code: "FORBIDDEN" } });
      expect(hook.got).toHaveLength(2);
      const seen = await viewer.webhook.get.query({});
      expect(seen).toEqual({
        receiver: {
          origin: new URL(hook.receiver.url).origin,
          problem: null,
          pausedUntil: null,
          gone: false,
        },
        pending: 0,
        deliveries: [accepted, failed],
      });
      expect(JSON.stringify(seen)).not.toContain(SECRET);
    },
  );
});
