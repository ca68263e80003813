import { expect, test } from "vitest";
import type { Schema } from "./declared.ts";
import { RowShape } from "./fit.ts";

/** Of a declaration `{ id: string; tries: number | null; state: "on" | "off"; keys: string[]; note?: string }`. */
const DECLARED: Schema = {
  type: "object",
  properties: {
    id: { type: "string" },
    tries: { anyOf: [{ type: "null" }, { type: "number" }] },
    state: { anyOf: [{ const: "on" }, { const: "off" }] },
    keys: { type: "array", items: { type: "string" } },
    note: { type: "string" },
  },
  required: ["id", "tries", "state", "keys"],
  additionalProperties: false,
};
const ID = { name: "id", type: 2950 };
const TRIES = { name: "tries", type: 23 };
const STATE = { name: "state", type: 25 };
const KEYS = { name: "keys", type: 3802 };
const ROW = { id: "a", tries: 1, state: "on", keys: ["k"] };

const misfits = (columns: readonly { name: string; type: number }[], ...rows: unknown[]) =>
  new RowShape(DECLARED).misfits(columns, rows);

test("rows: what is declared is what comes → nothing to report, without rows too", () => {
  expect(misfits([ID, TRIES, STATE, KEYS], ROW, { ...ROW, tries: null })).toEqual([]);
  expect(misfits([ID, TRIES, STATE, KEYS])).toEqual([]);
});

test("rows: a column more or less, or of another type → reported without any row", () => {
  expect(misfits([ID, TRIES, STATE])).toEqual(["keys is declared and not selected"]);
  expect(misfits([ID, TRIES, STATE, KEYS, { name: "more", type: 25 }])).toEqual([
    "more is selected and not declared",
  ]);
  expect(misfits([ID, { name: "tries", type: 1700 }, STATE, KEYS])).toEqual([
    expect.stringMatching(/^tries is a string and declared as /),
  ]);
});

test("rows: a null or another value than declared → reported with the value", () => {
  const columns = [ID, TRIES, STATE, KEYS];
  expect(misfits(columns, { ...ROW, id: null })).toEqual([expect.stringMatching(/^id is null: /)]);
  expect(misfits(columns, { ...ROW, state: "lost" })).toEqual([expect.stringMatching(/^state is "lost": /)]);
  expect(misfits(columns, { ...ROW, keys: "[]" })).toEqual([expect.stringMatching(/^keys is "\[\]": /)]);
  expect(misfits(columns, { ...ROW, keys: [1] })).toEqual([expect.stringMatching(/^keys\.0 is 1: /)]);
});
