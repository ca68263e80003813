import { expect, test } from "vitest";
import { circles } from "../../scripts/walls/circles.ts";
import type { Room } from "../../scripts/walls/room.ts";
import { TABLE } from "../../scripts/walls/table.ts";

const room = (may: string[], types: string[] = []): Room => ({
  may,
  types,
  why: "It is apart.",
  instead: "Ask.",
});

test("circles: rooms on floors → none, however many paths lead down", () => {
  const rooms = { "src/a": room(["src/b", "src/c"]), "src/b": room(["src/c"]), "src/c": room(["zod"]) };
  expect(circles({ rooms, layered: ["src"] })).toEqual([]);
});

test("circles: three rooms in a circle, one arrow of types → reported once, with the way", () => {
  const rooms = { "src/a": room(["src/b"]), "src/b": room([], ["src/c"]), "src/c": room(["src/a"]) };
  expect(circles({ rooms, layered: ["src"] }).map(({ rule, text }) => [rule, text.split(". ")[0]])).toEqual([
    ["src/a ↺", "The arrows lead in a circle: src/a → src/b → src/c → src/a"],
  ]);
});

test("circles: in a folder that need not lie on floors → not reported", () => {
  const rooms = { "test/a": room(["test/b"]), "test/b": room(["test/a"]) };
  expect(circles({ rooms, layered: ["src"] })).toEqual([]);
});

test("circles: the table of this checkout with one arrow back up → reported", () => {
  const core = TABLE.rooms["src/domain/core"]!;
  const rooms = { ...TABLE.rooms, "src/domain/core": { ...core, may: [...core.may, "src/domain/health"] } };
  expect(circles({ ...TABLE, rooms }).map(({ rule }) => rule)).toEqual(["src/domain/core ↺"]);
});
