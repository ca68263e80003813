import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { allCommands, commandTree } from "../../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../../src/cli/terminal/output.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { KEY_A, specOf } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import type { Furnish, Installation } from "../installation.ts";
import { recorder } from "../recorder.ts";
import { unwrapped, warmpool } from "../run.ts";

/** Every verb that destroys: what goes is shown, and agreed to. One mechanism, so one table. */
type Place = Installation & { folder: string };
type Case = {
  verb: string;
  words: (at: Place) => string[] | Promise<string[]>;
  /** Whether scripts may leave `--yes` out: the published interface names the verb so. */
  bare: boolean;
  shows: RegExp;
};

const NODE = "n1";
const firstReady = async ({ client }: Place): Promise<string> =>
  (await client.machine.list.query({ state: "ready" })).items[0]?.name ?? "none";
const alices = async ({ client }: Place): Promise<string> =>
  (await client.machine.list.query({ state: "assigned" })).items[0]?.name ?? "none";
const smaller = async ({ folder }: Place): Promise<string> => {
  const file = join(folder, "pool.json");
  await writeFile(file, JSON.stringify(specOf({ targetSize: 0, maxSize: 1 })));
  return file;
};

const CASES: Case[] = [
  {
    verb: "release",
    words: () => ["alice"],
    bare: true,
    shows: /alice is released; demo-\S+ is torn down with all/,
  },
  {
    verb: "machine recreate",
    words: async (at) => [await firstReady(at)],
    bare: true,
    shows: /demo-\S+, which is ready, is torn down/,
  },
  {
    verb: "machine recreate",
    words: async (at) => [await alices(at), "--reassign"],
    bare: false,
    shows: /demo-\S+ is taken from alice, who gets another machine/,
  },
  {
    verb: "machine forget",
    words: async (at) => [await firstReady(at)],
    bare: true,
    shows: /demo-\S+, which is ready, is forgotten; it may still be running on n1/,
  },
  {
    verb: "pool put",
    words: async (at) => [await smaller(at)],
    bare: false,
    shows: /machines? (is|are) removed: demo-/,
  },
  {
    verb: "pool remove",
    words: () => ["demo"],
    bare: true,
    shows: /The pool demo is removed, with its machines that have no tester: 2\./,
  },
  {
    verb: "pool remove",
    words: () => ["demo", "--release"],
    bare: false,
    shows: /Testers who are released: 1\./,
  },
  {
    verb: "recipe remove",
    words: async ({ client }) => {
      const step = { id: "a", title: "A", script: "true", timeoutSeconds: 9 };
      return [(await client.recipe.put.mutate({ name: "unused", steps: [step] })).name];
    },
    bare: true,
    shows: /The recipe unused is removed, with its 1 steps and all its versions\./,
  },
  {
    verb: "pool empty",
    words: () => ["demo"],
    bare: true,
    shows: /Machines of demo without a tester that are torn down: 2\./,
  },
  {
    verb: "pool empty",
    words: () => ["demo", "--release"],
    bare: false,
    shows: /Testers who are released: 1\./,
  },
  {
    verb: "node remove",
    words: () => [NODE],
    bare: true,
    shows: /The node n1 is removed, and its credential is revoked\./,
  },
  {
    verb: "node remove",
    words: () => [NODE, "--lost"],
    bare: false,
    shows: /Machines that are forgotten: demo-.*Testers who are released: alice\./,
  },
  {
    verb: "node reap",
    words: () => [NODE],
    bare: false,
    shows: /Orphans of n1 that are torn down: demo-7-abcd\./,
  },
  {
    verb: "token revoke",
    words: async ({ client }) => [
      (await client.token.create.mutate({ name: "old", role: "app" })).fingerprint,
    ],
    bare: true,
    shows: /The token "old" \(app\) is revoked\./,
  },
  {
    verb: "import",
    words: async (at) => {
      const file = join(at.folder, "all.json");
      const pools = [specOf({ targetSize: 0, maxSize: 1 })];
      await writeFile(file, JSON.stringify({ recipes: [], pools }));
      return [file];
    },
    bare: false,
    shows: /machines? (is|are) removed: demo-/,
  },
  {
    verb: "apply",
    words: async (at) => [await smaller(at)],
    bare: false,
    shows: /machines? (is|are) removed: demo-/,
  },
  {
    verb: "apply",
    words: async (at) => {
      const file = join(at.folder, "other.json");
      await at.client.pool.put.mutate(specOf({ name: "old", targetSize: 0, maxSize: 1 }));
      const { spec } = await at.client.pool.get.query({ name: "demo" });
      await writeFile(file, JSON.stringify(spec));
      return [file, "--prune"];
    },
    bare: false,
    shows: /The pool old is not declared: it would be removed, and its machines torn down: +0\./,
  },
];

test("the table has each verb that takes --yes, and each whose words say that something goes", () => {
  const tree = commandTree(
    buildProgram({
      out: terminalOutput(process.stdout, process.stderr, {}),
      env: {},
      url: null,
      exitCode: 0,
      ask: null,
    }),
  );
  const leaves = allCommands(tree).filter(({ children }) => children.length === 0);
  const asking = leaves.filter(({ options }) => options.some(({ long }) => long === "--yes"));
  const words = /\b(tear|torn|remove[ds]?|forget|recreate|revoke|release|end a token)\b/;
  const destroying = leaves.filter(
    ({ path, description }) => words.test(path.at(-1) ?? "") || words.test(description),
  );
  const names = (of: typeof leaves) => of.map(({ path }) => path.join(" "));
  expect(new Set(names(asking))).toEqual(new Set(CASES.map(({ verb }) => verb)));
  for (const verb of names(destroying).filter((name) => !SPARING.has(name)))
    expect(names(asking), `${verb} destroys without asking`).toContain(verb);
  for (const { options, path } of asking)
    expect(
      options.map(({ long }) => long),
      path.join(" "),
    ).toContain("--dry-run");
});

/** Their words are of what goes, and they take nothing away. */
const SPARING = new Set(["pool pause", "pool plan", "context remove"]);

test.each(CASES)(
  "`$verb` (bare: $bare) shows what goes, and changes nothing unless that was agreed to",
  async (one) => {
    await using at = await place();
    const args = [...one.verb.split(" "), ...(await one.words(at))];
    await using recorded = await recorder(at.url);
    const changed = () =>
      recorded.paths.filter((path) => path.startsWith("POST") && !path.endsWith("/pool.plan"));

    const dry = await warmpool([...args, "--dry-run"], { url: recorded.url });
    expect(dry, dry.stderr).toMatchObject({ code: 0 });
    expect(unwrapped(dry.stdout)).toMatch(one.shows);

    const declined = await warmpool(args, { url: recorded.url, terminal: 200, answers: "n" });
    expect(declined.code).toBe(1);
    expect(unwrapped(declined.stderr)).toMatch(one.shows);
    expect(declined.stderr).toContain("Do it? [y/N]");

    if (!one.bare) {
      const refused = await warmpool(args, { url: recorded.url });
      expect(refused).toMatchObject({ code: 4, stdout: "" });
      expect(unwrapped(refused.stderr)).toMatch(one.shows);
      expect(unwrapped(refused.stderr)).toContain("Add --yes to confirm");
    }
    expect(changed()).toEqual([]);

    const agreed = one.bare
      ? await warmpool(args, { url: recorded.url })
      : await warmpool(args, { url: recorded.url, terminal: 200, answers: "yes" });
    expect(changed().length, agreed.stderr).toBeGreaterThan(0);
  },
);

/** A pool with two ready machines and one that alice has, and a node with an orphan. */
async function place(): Promise<Place> {
  const folder = await temporaryFolder();
  const at = await installation({ targetSize: 2, maxSize: 4 }, furnish);
  const orphan = { "demo-7-abcd": { since: "2026-11-24T10:00:00.000Z", confirmedBy: null } };
  await at.db.execute(sql`update nodes set orphans = ${JSON.stringify(orphan)}::jsonb where name = ${NODE}`);
  return {
    ...at,
    folder: folder.path,
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const furnish: Furnish = async (client, relay) => {
  await client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  await relay.workOff();
  await client.sweep.run.mutate();
  await relay.workOff();
};
