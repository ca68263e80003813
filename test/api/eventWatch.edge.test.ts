import { describe, expect, test } from "vitest";
import { createToken } from "../../src/domain/access/tokens.ts";
import { revokeToken } from "../../src/domain/access/tokenList.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN, makeWorld } from "../helpers/world.ts";
import { browserAt } from "./browser.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, startEdge } from "./edges.ts";

describe.each(ONE_RUNTIME)("event.watch on %s", (runtime) => {
  test("a browser follows by its cookie; its token is revoked → the open stream ends, and says why", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const viewer = await createToken(t.db, { role: "viewer", name: "anna" }, ADMIN);
    const browser = browserAt(edge.url);
    await browser.signIn({ token: viewer.token });
    const admin = browserAt(edge.url);
    await admin.signIn({ token: ADMIN_TOKEN });
    const stream = await browser.query("event.watch", {});
    expect(stream.status).toBe(200);
    let text = "";
    let isPaused = false;
    let isRevoked = false;
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (!isPaused && text.includes('"reset":true')) {
        isPaused = true;
        await admin.mutate("pool.pause", { name: "demo" });
      }
      if (!isRevoked && text.includes('"reason":"spec_changed"')) {
        isRevoked = true;
        await revokeToken(t.db, viewer.id, ADMIN);
      }
    }
    expect(text).toMatch(/^id: ?\d+$/m);
    expect(text).toContain("the session has ended");
    expect((await browser.query("event.watch", {})).status).toBe(401);
  });
});
