import { expect, test } from "vitest";
import type { WarmpoolClient } from "../../src/client/index.ts";
import { emptyPools, leftText } from "../../src/stack/empty.ts";
import type { StackFolder } from "../../src/stack/folder.ts";
import { readOptions } from "../../src/stack/options.ts";
import { deadline } from "../helpers/patience.ts";

/** What is said while `npm start` takes machines down. */
const on = (...nodes: string[]) => nodes.map((node) => ({ node, assignment: null }));
const nodes = (states: Record<string, "online" | "silent">) =>
  Object.entries(states).map(([name, state]) => ({ name, state }));

test.each([
  [on("local", "local"), nodes({ local: "online", n2: "silent" }), /^2 of 4 machines still to delete$/],
  [
    on("local", "n2", "n2"),
    nodes({ local: "online", n2: "silent" }),
    /^3 of 4 machines still to delete; 2 of them on n2, whose relay is silent: .*a second Ctrl-C/,
  ],
])("machines left on %j with nodes %j: says what keeps them", (left, known, words) => {
  expect(leftText(left, 4, known)).toMatch(words);
});

test("while machines go: each change is said once, with how long it is waited for at most", async () => {
  const looks = [on("local", "n2"), on("n2"), on("n2"), []];
  const said: string[] = [];
  const remembered: unknown[] = [];
  const admin = {
    pool: {
      list: { query: async () => [{ name: "demo", paused: false }] },
      empty: { mutate: async () => null },
    },
    machine: { list: { query: async () => ({ items: looks.shift() ?? [], nextCursor: null }) } },
    node: { list: { query: async () => nodes({ local: "online", n2: "silent" }) } },
  } as unknown as WarmpoolClient;
  const folder = {
    memory: () => ({ pausedPools: [] }),
    remember: (change: unknown) => remembered.push(change),
  } as unknown as StackFolder;
  const emptied = await emptyPools(admin, folder, "keep", (line) => said.push(line), deadline(60));
  expect(emptied).toEqual({ kept: [], left: [] });
  expect(remembered).toEqual([{ pausedPools: ["demo"] }]);
  expect(said).toEqual([
    expect.stringMatching(
      /^2 of 2 machines still to delete; 1 of them on n2, .* \(waiting at most 1\d\d s\)$/,
    ),
    expect.stringMatching(
      /^1 of 1 machines still to delete; 1 of them on n2, .* \(waiting at most 1\d\d s\)$/,
    ),
  ]);
});

test("--destroy-now takes testers' machines too", () => {
  expect(readOptions(["--destroy-now"], {})).toMatchObject({ destroy: true, destroyNow: true });
  expect(readOptions(["--destroy"], {})).toMatchObject({ destroy: true, destroyNow: false });
});
