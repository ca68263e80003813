import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { createToken, issueToken } from "../../../src/domain/access/tokens.ts";
import { testDb } from "../../helpers/db.ts";
import { inBatches } from "../../helpers/inBatches.ts";
import { ADMIN, makeWorld, NODE } from "../../helpers/world.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge, casesOn } from "../edges.ts";
import { call } from "./call.ts";
import { type Operation, readDocument } from "./document.ts";
import { atNight } from "../../helpers/nightly.ts";

/** Who opens what: admins everything, viewers what is read, and the main app what is its own. */
const READS = new Set(["pool.plan"]);
const THE_APPS_OWN = new Set(["pool.list", "pool.get", "tester.list", "tester.assign"]);

function opens(role: string, { method, operationId }: Operation): boolean {
  switch (role) {
    case "admin":
      return true;
    case "viewer":
      return method === "GET" || READS.has(operationId);
    case "app":
      return THE_APPS_OWN.has(operationId);
    default:
      return false;
  }
}

describe.each(atNight(RUNTIMES))("access to the admin HTTP on %s", (runtime) => {
  test("every role and none against every route", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const issued = async (role: "app" | "admin" | "viewer") =>
      (await createToken(t.db, { role, name: role }, ADMIN)).token;
    const revoked = await createToken(t.db, { role: "admin", name: "revoked" }, ADMIN);
    const expired = await createToken(t.db, { role: "admin", name: "expired" }, ADMIN);
    await t.db.execute(sql`update tokens set revoked_at = now() where id = ${revoked.id}`);
    await t.db.execute(sql`update tokens set expires_at = now() where id = ${expired.id}`);
    const bearers: [who: string, role: string | null, token: string | null][] = [
      ["nobody", null, null],
      ["a stranger", null, "wp_admin_of_another_installation"],
      ["a revoked admin", null, revoked.token],
      ["an expired admin", null, expired.token],
      ["the bootstrap token", "admin", ADMIN_TOKEN],
      ["an admin", "admin", await issued("admin")],
      ["a viewer", "viewer", await issued("viewer")],
      ["the main app", "app", await issued("app")],
      ["a node", "node", (await issueToken(t.db, { role: "node", name: NODE, node: NODE })).token],
      ["a joining node", "join", (await issueToken(t.db, { role: "join", name: NODE, node: NODE })).token],
    ];
    const { operations } = await readDocument(edge.url);
    for (const [who, role, token] of bearers) {
      const told = await inBatches(casesOn(runtime, 12, operations), async (operation) => {
        // Whoever is let in is told that there is no such parameter: so nothing is changed by asking.
        const path = operation.path.replace("/admin/v1", "").replaceAll(/\{\w+\}/g, "x");
        const { status } = await call(edge.url, operation.method, `${path}?surplus=1`, { token });
        const wanted = role === null ? 401 : opens(role, operation) ? 400 : 403;
        return { name: operation.operationId, status, wanted };
      });
      expect(
        told.filter(({ status, wanted }) => status !== wanted),
        who,
      ).toEqual([]);
    }
  });
});
