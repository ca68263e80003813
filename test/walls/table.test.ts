import { expect, test } from "vitest";
import { brokenPromises } from "../../scripts/walls/apart.ts";
import { breachesOf } from "../../scripts/walls/check.ts";
import { NODE, type Room, type Table } from "../../scripts/walls/room.ts";
import { TABLE } from "../../scripts/walls/table.ts";
import { readCode } from "../../scripts/walls/code.ts";
import { ruleOf } from "./planted.ts";

const WORDS = { why: "The inside is apart.", instead: "Pass it in." };

/** Two rooms, one inside the other, and a package with a wrapper. */
function tableOf(rooms: Record<string, Partial<Room>>, rest: Partial<Table> = {}): Table {
  const complete = Object.entries(rooms).map(([name, room]) => [name, { may: [], ...WORDS, ...room }]);
  return {
    rooms: Object.fromEntries(complete),
    shipped: ["src"],
    wrapped: {},
    apart: [],
    layered: [],
    ...rest,
  };
}

function rulesOf(files: Record<string, string>, table: Table, development: string[] = []): string[] {
  return breachesOf(new Map(Object.entries(files)), table, new Set(development)).map(ruleOf);
}

test("table: a room inside a room → the innermost counts, at any depth", () => {
  const table = tableOf({ "src/domain": { may: ["src/domain/placing"] }, "src/domain/placing": {} });
  const files = {
    "src/domain/a/b/act.ts": 'import "../../placing/c/room.ts";',
    "src/domain/placing/c/room.ts": 'import "../../a/b/act.ts";',
  };
  expect(rulesOf(files, table)).toEqual(["src/domain/placing/c/room.ts:1: src/domain/placing → src/domain"]);
});

test("table: an entry that nothing uses, a room without files → reported", () => {
  const table = tableOf({
    "src/a": { may: ["src/b", "zod", NODE], types: ["hono"] },
    "src/b": {},
    "src/c": {},
  });
  expect(rulesOf({ "src/a/a.ts": 'import "../b/b.ts";', "src/b/b.ts": "" }, table)).toEqual([
    "scripts/walls/table.ts:1: src/a → zod",
    `scripts/walls/table.ts:1: src/a → ${NODE}`,
    "scripts/walls/table.ts:1: src/a → hono",
    "scripts/walls/table.ts:1: src/c",
  ]);
});

test("table: an entry that only types need → reported until it says so", () => {
  const files = { "src/a/a.ts": 'import type { B } from "../b/b.ts";', "src/b/b.ts": "" };
  const rooms = (room: Partial<Room>) => tableOf({ "src/a": room, "src/b": {} });
  expect(rulesOf(files, rooms({ may: ["src/b"] }))).toEqual(["scripts/walls/table.ts:1: src/a → src/b"]);
  expect(rulesOf(files, rooms({ types: ["src/b"] }))).toEqual([]);
});

test("table: a wrapper that does not name its package → reported", () => {
  const wrapped = { zod: { by: ["src/a/a.ts", "src/a/b.ts"], ...WORDS } };
  const files = { "src/a/a.ts": 'import "zod";', "src/a/b.ts": "" };
  expect(rulesOf(files, tableOf({ "src/a": { may: ["zod"] } }, { wrapped }))).toEqual([
    "scripts/walls/table.ts:1: src/a/b.ts → zod",
  ]);
});

test("table: a package that only development has → reported in what is shipped", () => {
  const table = tableOf({ "src/a": { may: ["@b/c/d"] }, test: { may: ["@b/c/d"] } });
  const files = { "src/a/a.ts": 'import "@b/c/d";', "test/a.ts": 'import "@b/c/d";' };
  expect(rulesOf(files, table, ["@b/c"])).toEqual(["src/a/a.ts:1: src/a → @b/c/d"]);
});

test("table: a file that does not parse → reported", () => {
  expect(rulesOf({ "src/a/a.ts": "import {" }, tableOf({ "src/a": {} }))).toContain("src/a/a.ts:1: syntax");
});

test("table: a breach of the table → the line of its room", () => {
  const { "src/domain/core": core, ...others } = TABLE.rooms;
  const rooms = { ...others, "src/domain/core": { ...core!, may: [...core!.may, "left-pad"] } };
  const source = readCode("scripts/walls").get("domain.ts")!;
  const line = source.slice(0, source.indexOf('"src/domain/core": {')).split("\n").length;
  const files = { "scripts/walls/domain.ts": source, "src/domain/core/a.ts": "" };
  expect(rulesOf(files, { ...TABLE, rooms })).toContain(
    `scripts/walls/domain.ts:${line}: src/domain/core → left-pad`,
  );
});

/** What each promise would say if its first room might import this. */
const PROMISED: [string, string, string][] = [
  ["src/domain/core", "src/db/directLink.ts", "src/domain/core ↛ node:"],
  ["src/worker.ts", "src/listen.ts", "src/worker.ts ↛ node:"],
  ["src/contract", NODE, "src/contract ↛ node:"],
  ["verify/accept", "verify/bench", "verify/accept ↛ src/domain/core"],
  ["verify/chaos", "test", "verify/chaos ↛ src/stack"],
  ["scripts/proc.ts", "src/relay", "verify/accept ↛ src/relay"],
  ["src/db/failure.ts", "test/helpers/until.ts", "src/domain/core ↛ test/helpers/until.ts"],
  ["bin", "scripts", "bin ↛ scripts"],
  ["src/contract", "src/domain/core", "src/client ↛ src/db/client.ts"],
  ["src/client", "src/relay", "src/client ↛ src/relay"],
  ["src/dashboard", "src/domain/core", "src/dashboard ↛ src/domain/core"],
  ["src/dashboard", NODE, "src/dashboard ↛ node:"],
  ["src/relay/drivers/incus", "src/cron", "src/cli/verbs ↛ src/cron"],
];

test.each(PROMISED)("table: an arrow %s → %s → breaks a promise", (from, to, rule) => {
  const room = TABLE.rooms[from]!;
  const rooms = { ...TABLE.rooms, [from]: { ...room, may: [...room.may, to] } };
  expect(brokenPromises({ ...TABLE, rooms }).map((breach) => breach.rule)).toContain(rule);
});

test("table: a promise about a room that is gone → reported", () => {
  const apart = [
    { rooms: ["src/domain", "src/gone"], never: ["lost"], evenTypes: true, why: "It is apart." },
  ];
  expect(brokenPromises({ ...TABLE, apart }).map((breach) => breach.rule)).toEqual(["src/gone", "lost"]);
});
