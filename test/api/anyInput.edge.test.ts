import { describe, expect, test } from "vitest";
import { type ProcedureInfo, procedures } from "../../src/api/procedures.ts";
import { newPage } from "../../src/domain/access/pages.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN, makeWorld, NODE } from "../helpers/world.ts";
import { call } from "./call.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, startEdge } from "./edges.ts";
import { everything } from "./everything.ts";
import { SAMPLES } from "./samples.ts";
import { oneIn } from "../helpers/nightly.ts";

/** What each place of a well-formed input is replaced by, where the procedure's own schema does not take it. */
const WRONG: readonly unknown[] = [null, {}, ["x"], true, -1.5, "", "a b\n", 1e300, "x".repeat(20_000)];
/** So many of them are tried at each place. */
const TRIES = 3;

type Case = { procedure: ProcedureInfo; what: string; input: unknown; says: RegExp };

describe("every procedure has a sample", () => {
  test("that its schema takes, and no sample is left over", () => {
    expect(Object.keys(SAMPLES).toSorted()).toEqual(
      procedures()
        .map(({ path }) => path)
        .toSorted(),
    );
    for (const { path, input } of procedures()) {
      const sample = SAMPLES[path];
      expect(sample === undefined, path).toBe(fieldsOf(input).length === 0);
      expect(input.safeParse(sample ?? {}).error, path).toBeUndefined();
    }
  });

  test("with every field it has, so that each is tried", () => {
    const left = new Set<string>(["pool.put", "pool.plan", "capacity.report", "event.list"]);
    for (const { path, input } of procedures()) {
      if (left.has(path)) continue;
      expect(Object.keys(SAMPLES[path] ?? {}).toSorted(), path).toEqual(fieldsOf(input).toSorted());
    }
  });
});

describe.each(ONE_RUNTIME)("any input on %s", (runtime) => {
  test("what is not well-formed is a BAD_REQUEST that names the place, and changes nothing", async () => {
    await using t = await testDb();
    await makeWorld(t.db, { targetSize: 1 });
    const node = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
    const join = await issueToken(t.db, { role: "join", name: NODE, node: NODE });
    const alice = await assign(t.connection, { username: "alice", sshKeys: [] }, ADMIN);
    const page = await newPage(t.db, alice.assignment.id, ADMIN);
    await using edge = await startEdge(runtime, t.url);
    const before = await everything(t.db);
    const own = { node: node.token, join: join.token, page: page.text };
    const tokenFor = { app: ADMIN_TOKEN, admin: ADMIN_TOKEN, ...own };

    const cases = procedures().flatMap(casesOf);
    expect(cases.length).toBeGreaterThan(400);
    const queue = oneIn(3, cases).values();
    const ask = async () => {
      for (const { procedure, what, input, says } of queue) {
        const answer = await call(edge.url, tokenFor[procedure.audience], procedure.path, input);
        const { status, code } = answer;
        const where = `${procedure.path}: ${what}: ${answer.text.slice(0, 300)}`;
        expect({ status, code }, where).toEqual({ status: 400, code: "BAD_REQUEST" });
        expect(answer.message, where).toMatch(says);
        expect(answer.message, where).not.toMatch(/Invalid input|received undefined|Unrecognized key/);
        expect(answer.text, where).not.toMatch(
          /\b(select|insert|update) .*\b(from|into|set)\b|node_modules|\/src\/|\bat .*:\d+:\d+/i,
        );
      }
    };
    await Promise.all(Array.from({ length: 6 }, ask));
    expect(await everything(t.db)).toEqual(before);
  });
});

function fieldsOf(input: ProcedureInfo["input"]): string[] {
  const { shape } = input as unknown as { shape: object };
  return Object.keys(shape);
}

function casesOf(procedure: ProcedureInfo): Case[] {
  const { input: schema, path } = procedure;
  const refused = (input: unknown) => !schema.safeParse(input).success;
  const notJson = { procedure, what: "no JSON", input: "{", says: /not JSON/ };
  const sample = SAMPLES[path];
  // A relay's texts are cleaned instead: its logs and causes are whatever the machine printed.
  const isPersons = ["app", "admin", "page"].includes(procedure.audience);
  if (sample === undefined) {
    return isPersons
      ? [notJson, { procedure, what: "a NUL", input: { note: "a\0b" }, says: /NUL/ }]
      : [notJson];
  }
  const whole = [null, [], ["x"], "text", 7, true]
    .filter(refused)
    .map((input) => ({ procedure, what: "not an object", input: JSON.stringify(input), says: /./ }));
  const surplus = { ...sample, surplus: 1 };
  const unknown = refused(surplus)
    ? [{ procedure, what: "a field too many", input: surplus, says: /surplus/ }]
    : [];
  const places = placesOf(sample).flatMap((place): Case[] => {
    const says = new RegExp(`^[^:]*${place[0]}|: ${place[0]}`);
    const wrong = [
      ...WRONG.map((value) => replaced(sample, place, value)),
      replaced(sample, place, undefined),
    ]
      .filter(refused)
      .slice(0, TRIES);
    const nul = isPersons ? [replaced(sample, place, "a\0b")] : [];
    return [...wrong, ...nul].map((input) => ({ procedure, what: place.join("."), input, says }));
  });
  return [notJson, ...whole, ...unknown, ...places];
}

/** The path of every member, at any depth. */
function placesOf(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [[...at, name], ...placesOf(part, [...at, name])]);
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value))
    return value.map((part, at) => (String(at) === name ? replaced(part, rest, by) : part));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, part]) => [
    key,
    key === name ? replaced(part, rest, by) : part,
  ]);
  return Object.fromEntries(members);
}
