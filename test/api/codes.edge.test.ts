import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { COMMON_CODES, type ProcedurePath, procedures } from "../../src/api/procedures.ts";
import type { ErrorCode } from "../../src/contract/errors.ts";
import { poolSpec } from "../../src/contract/pool.ts";
import { rows } from "../../src/db/client.ts";
import { assign, releaseAssignment } from "../helpers/leftToSweep.ts";
import { recreateMachine } from "../../src/domain/machines/actions.ts";
import { pausePool, putPool } from "../../src/domain/pools/pools.ts";
import { newPage } from "../../src/domain/access/pages.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { testDb, type TestDb } from "../helpers/db.ts";
import { ADMIN, APP, ed25519Blob, KEY_A, makeWorld, NODE, specOf } from "../helpers/world.ts";
import { call } from "./call.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge, casesOn } from "./edges.ts";
import { SAMPLES } from "./samples.ts";

type Refusal = [procedure: ProcedurePath, code: ErrorCode, input: object];

/** Ids: of Alice's machine, of the one that goes down, of her assignment; and the secret of her page. */
type Stage = { taken: string; going: string; hers: string; page: string };

/** Alice has one of two machines of `demo`, whose set-up is under way; the other goes down; `still` is paused and empty. */
async function stage(t: TestDb): Promise<Stage> {
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  const alice = { username: "alice", sshKeys: [KEY_A], ttlSeconds: 3600 };
  const { assignment } = await assign(t.connection, alice, APP);
  const [other] = await rows<{ id: string }>(t.db, sql`select id from machines where state = 'ready'`);
  const [taken] = await rows<{ id: string }>(t.db, sql`select id from machines where state = 'assigned'`);
  if (other === undefined || taken === undefined) throw new Error("the machines are not as they should be");
  await recreateMachine(t.db, other.id, ADMIN);
  const dave = await assign(t.connection, { username: "dave", sshKeys: [] }, APP);
  await releaseAssignment(t.db, dave.assignment.id, APP);
  await putPool(t.db, poolSpec.parse(specOf({ name: "still" })), ADMIN);
  await pausePool(t.db, "still", true, ADMIN);
  const page = await newPage(t.db, assignment.id, APP);
  return { taken: taken.id, going: other.id, hers: assignment.id, page: page.text };
}

function keyOf(seed: number): string {
  return `ssh-ed25519 ${ed25519Blob(seed)}`;
}

function refusals({ taken, going, hers }: Stage): Refusal[] {
  const bob = { username: "bob", sshKeys: [KEY_A], wait: false };
  const nowhere = { id: crypto.randomUUID() };
  const nobody = { username: "carol", pool: "demo" };
  const noPool = { name: "nope" };
  const sessionless = { session: crypto.randomUUID() };
  return [
    ["tester.assign", "NOT_FOUND", { ...bob, pool: "nope" }],
    [
      "tester.assign",
      "CONFLICT",
      { username: "alice", sshKeys: [KEY_A], pool: "demo", params: { greeting: "ho" } },
    ],
    ["tester.assign", "NO_CAPACITY", { ...bob, pool: "demo" }],
    ["tester.assign", "POOL_PAUSED", { ...bob, pool: "still" }],
    ["tester.link", "NOT_FOUND", nobody],
    ["tester.link", "CONFLICT", { username: "dave", pool: "demo" }],
    ["tester.status", "NOT_FOUND", nobody],
    ["tester.watch", "NOT_FOUND", nobody],
    ["tester.log", "NOT_FOUND", nobody],
    ["tester.release", "NOT_FOUND", nobody],
    ["tester.extend", "NOT_FOUND", { ...nobody, ttlSeconds: 7200 }],
    ["tester.extend", "CONFLICT", { username: "alice", pool: "demo", ttlSeconds: 60 }],
    ["tester.retry", "NOT_FOUND", nobody],
    ["tester.retry", "CONFLICT", { username: "alice", pool: "demo" }],
    ["assignment.get", "NOT_FOUND", nowhere],
    ["assignment.release", "NOT_FOUND", nowhere],
    ["assignment.extend", "NOT_FOUND", { ...nowhere, ttlSeconds: 7200 }],
    ["assignment.extend", "CONFLICT", { id: hers, ttlSeconds: 60 }],
    ["assignment.retry", "NOT_FOUND", nowhere],
    ["assignment.retry", "CONFLICT", { id: hers }],
    ["pool.get", "NOT_FOUND", noPool],
    ["pool.history", "NOT_FOUND", { pool: "nope" }],
    ["pool.put", "NOT_FOUND", specOf({ recipe: "nope" })],
    ["pool.plan", "NOT_FOUND", specOf({ nodes: ["nope"] })],
    ["pool.remove", "NOT_FOUND", noPool],
    ["pool.remove", "CONFLICT", { name: "demo" }],
    ["pool.pause", "NOT_FOUND", noPool],
    ["pool.resume", "NOT_FOUND", noPool],
    ["pool.default", "NOT_FOUND", noPool],
    ["pool.empty", "NOT_FOUND", noPool],
    ["recipe.get", "NOT_FOUND", noPool],
    ["recipe.versions", "NOT_FOUND", noPool],
    ["recipe.rollback", "NOT_FOUND", noPool],
    ["recipe.rollback", "CONFLICT", { name: "plain" }],
    ["recipe.remove", "NOT_FOUND", noPool],
    ["recipe.remove", "CONFLICT", { name: "plain" }],
    ["machine.get", "NOT_FOUND", nowhere],
    ["machine.timeline", "NOT_FOUND", nowhere],
    ["machine.recreate", "NOT_FOUND", nowhere],
    ["machine.recreate", "CONFLICT", { id: taken }],
    ["machine.restart", "NOT_FOUND", nowhere],
    ["machine.restart", "CONFLICT", { id: taken }],
    ["machine.hold", "NOT_FOUND", nowhere],
    ["machine.hold", "CONFLICT", { id: going }],
    ["machine.unhold", "NOT_FOUND", nowhere],
    ["machine.unhold", "CONFLICT", { id: taken }],
    ["machine.cut", "NOT_FOUND", nowhere],
    ["machine.cut", "CONFLICT", { id: going }],
    ["machine.uncut", "NOT_FOUND", nowhere],
    ["machine.uncut", "CONFLICT", { id: taken }],
    ["machine.forget", "NOT_FOUND", nowhere],
    ["machine.forget", "CONFLICT", { id: taken }],
    ["node.drain", "NOT_FOUND", noPool],
    ["node.set", "NOT_FOUND", { ...noPool, concurrency: 2 }],
    ["node.resume", "NOT_FOUND", noPool],
    ["node.label", "NOT_FOUND", { ...noPool, labels: [] }],
    ["node.lift", "NOT_FOUND", noPool],
    ["node.lift", "CONFLICT", { name: NODE }],
    ["node.reap", "NOT_FOUND", noPool],
    ["node.reap", "CONFLICT", { name: NODE }],
    ["node.remove", "NOT_FOUND", noPool],
    ["node.remove", "CONFLICT", { name: NODE }],
    ["token.revoke", "NOT_FOUND", nowhere],
    ["capacity.report", "NOT_FOUND", { pool: "nope" }],
    ["webhook.test", "CONFLICT", {}],
    ["page.addKeys", "CONFLICT", { sshKeys: Array.from({ length: 50 }, (_, n) => keyOf(n + 10)) }],
    ["page.extend", "CONFLICT", { ttlSeconds: 7200 }],
    ["relay.lease", "LEASE_LOST", { ...SAMPLES["relay.lease"], ...sessionless }],
    ["relay.finish", "LEASE_LOST", { ...SAMPLES["relay.finish"], ...sessionless }],
    ["relay.report", "LEASE_LOST", { ...SAMPLES["relay.report"], ...sessionless }],
  ];
}

describe.each(RUNTIMES)("codes on %s", (runtime) => {
  test("each procedure really refuses with every code it is declared with, and says why in words", async () => {
    await using t = await testDb();
    const staged = await stage(t);
    const asked = refusals(staged);
    const node = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
    await using edge = await startEdge(runtime, t.url);

    const common = new Set<ErrorCode>(COMMON_CODES);
    const declared = procedures().flatMap(({ path, codes }) =>
      codes.filter((code) => !common.has(code)).map((code) => `${path} ${code}`),
    );
    expect(asked.map(([path, code]) => `${path} ${code}`).toSorted()).toEqual(declared.toSorted());

    for (const [path, code, input] of casesOn(runtime, 8, asked)) {
      const own = path.startsWith("relay.") ? node.token : path.startsWith("page.") ? staged.page : null;
      const token = own ?? ADMIN_TOKEN;
      const answer = await call(edge.url, token, path, input);
      expect(answer.code, `${path}: ${answer.text}`).toBe(code);
      expect(answer.status, path).toBe(code === "NOT_FOUND" ? 404 : 409);
      expect(answer.message, path).toMatch(/^\S+ \S+ \S+/);
    }
  });
});
