import * as fc from "fast-check";
import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { createToken } from "../../../src/domain/access/tokens.ts";
import { arbitraryOf, type Hints, mutated } from "../../helpers/arbitrary.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { isNight } from "../../helpers/nightly.ts";
import { ADMIN, KEY_A, makeWorld, RECIPE } from "../../helpers/world.ts";
import { startReceiver } from "../../domain/webhook/receiver.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, startEdge } from "../edges.ts";
import { type ApiDocument, type Operation, readDocument, requestSchema, written } from "./document.ts";
import { deadline } from "../../helpers/patience.ts";

/** Requests of each kind to each route, and how many at a time. */
const RUNS = isNight ? 12 : 10;
const AT_ONCE = 6;
const SEED = 20_261_125;

describe.each(ONE_RUNTIME)("the contract on %s", (runtime) => {
  test("every route answers what the document says, to what it takes and to what it does not", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 10 });
    await relay.workOff();
    await using hook = await startReceiver();
    await using edge = await startEdge(runtime, t.url, {
      adminRequestsPerMinute: 1_000_000,
      webhook: hook.receiver,
    });
    const document = await readDocument(edge.url);
    const hints = await hintsOf(t);
    const requests = document.operations.toSorted(inGoodOrder).flatMap((operation) => {
      const valid = arbitraryOf(requestSchema(operation), hints(operation));
      return [valid, mutated(valid)].flatMap((arbitrary) =>
        fc.sample(arbitrary, { seed: SEED, numRuns: RUNS }).map((request) => ({ operation, request })),
      );
    });
    const statuses = new Map<string, Set<number>>();
    const queue = requests.values();
    const ask = async () => {
      for (const { operation, request } of queue) {
        const status = await keepsPromise(edge.url, document, operation, request);
        if (status !== null)
          statuses.set(operation.operationId, (statuses.get(operation.operationId) ?? new Set()).add(status));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    for (const { operationId } of document.operations) {
      expect([...(statuses.get(operationId) ?? [])], operationId).toContain(200);
    }
  });

  test("a field or a query parameter that no route has is refused by all", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const { operations } = await readDocument(edge.url);
    for (const operation of operations) {
      const [request] = fc.sample(arbitraryOf(requestSchema(operation), HINTS), { seed: 1, numRuns: 1 });
      const { path, query, body } = request as { path: object; query: object; body?: object };
      const surplus: object[] = [{ path, query: { ...query, surplus: "1" }, body }];
      if (body !== undefined) surplus.push({ path, query, body: { ...body, ...path, surplus: 1 } });
      for (const wrong of surplus) {
        const { status, json } = await send(edge.url, operation, wrong);
        expect({ status, json }, operation.operationId).toMatchObject({
          status: 400,
          json: { code: "BAD_REQUEST", detail: expect.stringContaining("surplus") },
        });
      }
    }
  });
});

/** What machines are needed for comes first, what takes things away last: so that each finds some. */
const EARLY = [
  "assignment.extend",
  "assignment.retry",
  "node.lift",
  "node.reap",
  "machine.restart",
  "machine.hold",
  "machine.unhold",
  "machine.cut",
  "machine.uncut",
  "machine.recreate",
  "machine.forget",
];

function inGoodOrder(a: Operation, b: Operation): number {
  const rank = ({ method, operationId }: Operation) => {
    if (method === "DELETE") return 2;
    if (operationId === "pool.empty") return 1;
    return EARLY.includes(operationId) ? EARLY.indexOf(operationId) - EARLY.length : 0;
  };
  return rank(a) - rank(b);
}

/** What the world of the test knows, so that requests find something. */
const HINTS: Hints = {
  pool: ["demo"],
  node: ["n1"],
  recipe: ["plain"],
  username: ["alice", "bob"],
  sshKeys: [[KEY_A]],
  adminSshKeys: [[], [KEY_A]],
  params: [{}, { greeting: "hi" }],
  pattern: ["[a-z]+"],
  nodes: [["n1"]],
  maxSize: [5],
  targetSize: [0, 1],
  cursor: ["1", "100"],
  ttlSeconds: [86_400, 172_800],
  machines: [["stray"]],
};

/** What a route may name: an id of what it is about. */
async function hintsOf({ db, connection }: TestDb): Promise<(operation: Operation) => Hints> {
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  const orphan = { since: new Date().toISOString(), confirmedBy: null };
  await db.execute(
    sql`update nodes set orphans = ${JSON.stringify({ stray: orphan })}::jsonb where name = 'n1'`,
  );
  await db.execute(sql`insert into brakes (node, dead, answered, cause) values ('n2', 2, 3, 'refused')`);
  const { assignment } = await assign(connection, { username: "carol", sshKeys: [KEY_A] }, ADMIN);
  const { assignment: failed } = await assign(connection, { username: "dave", sshKeys: [KEY_A] }, ADMIN);
  const error = JSON.stringify({ code: "step_failed", message: "ended with 3" });
  await db.execute(
    sql`update operations set state = 'failed', finished_at = now() where assignment = ${failed.id}`,
  );
  await db.execute(
    sql`update assignments set state = 'failed', error = ${error}::jsonb where id = ${failed.id}`,
  );
  // Nobody uses it, so it can be removed; and it has an earlier version to go back to.
  await putRecipe(db, { ...RECIPE, name: "unused", params: {} }, ADMIN);
  await putRecipe(db, { ...RECIPE, name: "unused" }, ADMIN);
  const token = await createToken(db, { role: "app", name: "for the contract" }, ADMIN);
  // In one order, so that the same requests hit the same machines. Testers have two of ten, and some routes need those.
  const machines = await rows<{ id: string; name: string; isHeld: boolean }>(
    db,
    sql`select id, name, exists (select 1 from assignments a where a.machine = m.id) as "isHeld"
      from machines m order by number`,
  );
  const held = machines.filter(({ isHeld }) => isHeld);
  const ids: Record<string, string[]> = {
    machine: [...machines, ...held, ...held].flatMap(({ id, name }) => [id, name]),
    assignment: [assignment.id, failed.id],
    token: [token.id],
  };
  const names: Record<string, string[]> = { pool: ["demo"], node: ["n1", "n2"], recipe: ["plain", "unused"] };
  return ({ operationId }) => {
    const [group = ""] = operationId.split(".");
    return {
      ...HINTS,
      ...(ids[group] === undefined ? {} : { id: ids[group] }),
      ...(names[group] === undefined ? {} : { name: names[group] }),
    };
  };
}

/** Sends it; the status where the answer is one that the document promises. Null where it cannot be written. */
async function keepsPromise(
  url: string,
  document: ApiDocument,
  operation: Operation,
  request: unknown,
): Promise<number | null> {
  if (written(operation, request) === null) return null;
  const { status, type, json } = await send(url, operation, request);
  const where = `${operation.method} ${operation.path} ${JSON.stringify(request)?.slice(0, 1000)}: ${JSON.stringify(json).slice(0, 1000)}`;
  expect(status, where).toBeLessThan(500);
  expect(document.complaint(operation, status, type, json), where).toBeNull();
  return status;
}

async function send(url: string, operation: Operation, request: unknown) {
  const { address, body } = written(operation, request) ?? { address: operation.path };
  const response = await fetch(`${url}${address}`, {
    method: operation.method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    ...(body === undefined || operation.method === "GET" ? {} : { body }),
    signal: deadline(30),
  });
  const json: unknown = await response.json();
  return { status: response.status, type: response.headers.get("content-type"), json };
}
