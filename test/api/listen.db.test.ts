import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { listen } from "../../src/listen.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN_TOKEN, startEdge } from "./edges.ts";

test("an idle connection is kept for longer than the minute for which a proxy keeps it", async () => {
  await using t = await testDb();
  await using edge = await startEdge("node", t.url);
  const agent = new Agent({ keepAlive: true });
  try {
    const [answer] = (await once(get(`${edge.url}/healthz`, { agent }), "response")) as [IncomingMessage];
    answer.resume();
    const seconds = Number(/^timeout=(\d+)$/.exec(String(answer.headers["keep-alive"]))?.[1]);
    expect(seconds).toBeGreaterThan(60);
  } finally {
    agent.destroy();
  }
});

test("where the port is taken, listening fails with what the system says", async () => {
  await using t = await testDb();
  await using taken = await startEdge("node", t.url);
  const edge = {
    connection: t.connection,
    adminToken: ADMIN_TOKEN,
    adminRequestsPerMinute: 1,
    webhook: null,
    secretKeys: { keys: [] },
    after: () => undefined,
  };
  const place = { host: "127.0.0.1", port: Number(new URL(taken.url).port) };
  await expect(listen(edge, place)).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
});
