import pc from "picocolors";
import { expect, test } from "vitest";
import { topLines } from "../../../src/cli/views/topView.ts";
import type { TopFacts } from "../../../src/cli/views/topView.ts";
import { aPool, anAssignment, inLine } from "../../client/samples.ts";

const layout = { columns: 80, tableColumns: 80, colors: pc.createColors(false) };
const command = (...words: string[]) => ["npx warmpool", ...words].join(" ");
const at = { url: "http://127.0.0.1:8787", freshness: "live", command } as const;
const now = Date.parse("2026-11-30T12:00:00.000Z");
const nothing: TopFacts = { pools: [], nodes: [], machines: [], testers: [] };

test("top: nothing there → where, when, how fresh, and that nothing is under way", () => {
  expect(topLines(nothing, at, layout, now)).toEqual([
    "http://127.0.0.1:8787  2026-11-30 12:00:00 UTC  live",
    "",
    "No pool yet.",
    "",
    "Nothing is under way.",
  ]);
  expect(topLines(nothing, { ...at, freshness: null }, layout, now)[0]).toBe(
    "http://127.0.0.1:8787  2026-11-30 12:00:00 UTC",
  );
});

test("top: set-ups come first among what is under way, and who waits comes last", () => {
  const setup = {
    ...{ step: 2, steps: 3, title: "Install", percent: 10, attempt: 1, etaSeconds: null },
    startedAt: "2026-11-30T11:59:00.000Z",
  };
  const lines = topLines(
    {
      ...nothing,
      pools: [aPool()],
      testers: [{ ...anAssignment(), username: "alice", state: "setting_up", setup }, inLine(3)],
    },
    at,
    layout,
    now,
  );
  const text = lines.join("\n");
  expect(text).toMatch(/^POOL .*\ndemo /m);
  expect(text).toMatch(/^set-up alice +\S+ +- +1m +step 2 of 3: Install$/m);
  expect(lines.at(-1)).toMatch(/ waits for a machine of demo: place 3 in the queue/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
