import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { type ProcedurePath, procedures } from "../../src/api/procedures.ts";
import { newPage } from "../../src/domain/access/pages.ts";
import { createToken, issueToken } from "../../src/domain/access/tokens.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { testDb } from "../helpers/db.ts";
import { inBatches } from "../helpers/inBatches.ts";
import { ADMIN, makeWorld, NODE } from "../helpers/world.ts";
import { call } from "./call.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge, casesOn } from "./edges.ts";
import { atNight } from "../helpers/nightly.ts";

/** Who opens what, written down apart from the code that decides it. A new procedure belongs in one of the lines. */
const OPENED_BY: Record<string, ProcedurePath[]> = {
  "app admin viewer": ["tester.status", "tester.watch", "tester.log", "tester.list", "pool.list", "pool.get"],
  "app admin": ["tester.assign", "tester.link", "tester.release", "tester.extend", "tester.retry"],
  "admin viewer": [
    "pool.plan",
    "pool.history",
    "event.watch",
    "assignment.get",
    "recipe.list",
    "recipe.get",
    "recipe.versions",
    "machine.list",
    "machine.get",
    "machine.timeline",
    "node.list",
    "import.status",
    "event.list",
    "token.list",
    "capacity.report",
    "sweep.duties",
    "installation.check",
    "settings.get",
    "webhook.get",
  ],
  admin: [
    "assignment.release",
    "assignment.extend",
    "assignment.retry",
    "pool.put",
    "pool.remove",
    "pool.pause",
    "pool.resume",
    "pool.empty",
    "pool.default",
    "recipe.put",
    "recipe.rollback",
    "recipe.remove",
    "machine.recreate",
    "machine.restart",
    "machine.hold",
    "machine.unhold",
    "machine.cut",
    "machine.uncut",
    "machine.forget",
    "node.enroll",
    "node.drain",
    "node.set",
    "node.resume",
    "node.label",
    "node.lift",
    "node.reap",
    "node.remove",
    "import.start",
    "import.undo",
    "token.create",
    "session.link",
    "token.revoke",
    "settings.put",
    "webhook.test",
    "sweep.run",
  ],
  node: ["relay.open", "relay.lease", "relay.renew", "relay.finish", "relay.report"],
  join: ["relay.join"],
  tester: ["page.get", "page.watch", "page.addKeys", "page.extend", "page.release"],
};

const expected = new Map<string, string[]>(
  Object.entries(OPENED_BY).flatMap(([roles, paths]) =>
    paths.map((path) => [path, roles.split(" ")] as const),
  ),
);

test("every procedure has its line here, and docs/procedures.md says the same", () => {
  expect([...expected.keys()].toSorted()).toEqual(
    procedures()
      .map(({ path }) => path)
      .toSorted(),
  );
  for (const { path, roles } of procedures())
    expect([...roles].toSorted(), path).toEqual(expected.get(path)?.toSorted());
});

describe.each(atNight(RUNTIMES))("access on %s", (runtime) => {
  test("every role and none against every procedure", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const token = async (role: "app" | "admin" | "viewer") =>
      (await createToken(t.db, { role, name: role }, ADMIN)).token;
    const node = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
    const join = await issueToken(t.db, { role: "join", name: NODE, node: NODE });
    const alice = await assign(t.connection, { username: "alice", sshKeys: [] }, ADMIN);
    const page = await newPage(t.db, alice.assignment.id, ADMIN);
    const revoked = await createToken(t.db, { role: "admin", name: "revoked" }, ADMIN);
    const expired = await createToken(t.db, { role: "admin", name: "expired" }, ADMIN);
    const spent = await issueToken(t.db, { role: "join", name: NODE, node: NODE });
    await t.db.execute(sql`update tokens set revoked_at = now() where id = ${revoked.id}`);
    await t.db.execute(sql`update tokens set expires_at = now() where id = ${expired.id}`);
    await t.db.execute(sql`update tokens set used_at = now() where id = ${spent.id}`);
    const bearers: [who: string, role: string | null, token: string | null][] = [
      ["nobody", null, null],
      ["a stranger", null, "wp_admin_of_another_installation"],
      ["a revoked admin", null, revoked.token],
      ["an expired admin", null, expired.token],
      ["a spent join token", null, spent.token],
      ["the bootstrap token", "admin", ADMIN_TOKEN],
      ["an admin", "admin", await token("admin")],
      ["a viewer", "viewer", await token("viewer")],
      ["the main app", "app", await token("app")],
      ["a node", "node", node.token],
      ["a joining node", "join", join.token],
      ["a tester on their page", "tester", page.text],
    ];
    // Whoever is let in is told that this is bad input: so nothing is changed by asking.
    const bad = { "\0": 1 };
    for (const [who, role, bearer] of bearers) {
      const answers = await inBatches(casesOn(runtime, 12, procedures()), async ({ path }) => ({
        path,
        ...(await call(edge.url, bearer, path, bad)),
      }));
      const seen = answers.map(({ path, status, code }) => `${who}: ${path}: ${status} ${code}`);
      const wanted = answers.map(({ path }) => {
        if (role === null) return `${who}: ${path}: 401 UNAUTHORIZED`;
        const opens = expected.get(path)?.includes(role) === true;
        return `${who}: ${path}: ${opens ? "400 BAD_REQUEST" : "403 FORBIDDEN"}`;
      });
      expect(seen).toEqual(wanted);
    }
  });
});
