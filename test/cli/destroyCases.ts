import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { KEY_A, specOf } from "../helpers/world.ts";
import { installation } from "./installation.ts";
import type { Furnish, Installation } from "./installation.ts";

/** Every verb that destroys, and what it shows first. One mechanism, so one table. */
export type Place = Installation & { folder: string };
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

export const CASES: Case[] = [
  {
    verb: "release",
    words: () => ["alice"],
    bare: true,
    shows: /alice would be released; demo-\S+ would be torn down with all/,
  },
  {
    verb: "machine recreate",
    words: async (at) => [await firstReady(at)],
    bare: true,
    shows: /demo-\S+, which is ready, would be torn down/,
  },
  {
    verb: "machine recreate",
    words: async (at) => [await alices(at), "--reassign"],
    bare: false,
    shows: /demo-\S+ would be taken from alice, who would get another machine/,
  },
  {
    verb: "machine forget",
    words: async (at) => [await firstReady(at)],
    bare: true,
    shows: /demo-\S+, which is ready, would be forgotten; it may still be running on n1/,
  },
  {
    verb: "pool put",
    words: async (at) => [await smaller(at)],
    bare: false,
    shows: /machines? would be removed:\s+demo-/,
  },
  {
    verb: "pool remove",
    words: () => ["demo"],
    bare: true,
    shows:
      /The pool demo would be removed, with its machines that have no tester: 2\. Calls that name no pool would be refused\./,
  },
  {
    verb: "pool remove",
    words: () => ["demo", "--release"],
    bare: false,
    shows: /Testers who would be released: 1\./,
  },
  {
    verb: "recipe remove",
    words: async ({ client }) => {
      const step = { id: "a", title: "A", script: "true", timeoutSeconds: 9 };
      return [(await client.recipe.put.mutate({ name: "unused", steps: [step] })).name];
    },
    bare: true,
    shows: /The recipe unused would be removed, with 1 step and all its versions\./,
  },
  {
    verb: "pool empty",
    words: () => ["demo"],
    bare: true,
    shows: /The pool demo would be paused, and its machines without a tester torn down: 2\./,
  },
  {
    verb: "pool empty",
    words: () => ["demo", "--release"],
    bare: false,
    shows: /Testers who would be released: 1\./,
  },
  {
    verb: "node remove",
    words: () => [NODE],
    bare: true,
    shows: /The node n1 would be removed, and its credential revoked\./,
  },
  {
    verb: "node remove",
    words: () => [NODE, "--lost"],
    bare: false,
    shows: /Machines that would be forgotten: demo-.*Testers who would be released: alice\./,
  },
  {
    verb: "node reap",
    words: () => [NODE],
    bare: false,
    shows: /Orphans of n1 that would be torn down: demo-7-abcd\./,
  },
  {
    verb: "token revoke",
    words: async ({ client }) => [
      (await client.token.create.mutate({ name: "old", role: "app" })).fingerprint,
    ],
    bare: true,
    shows: /The token "old" \(app\) would be revoked\./,
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
    shows: /machines? would be removed:\s+demo-/,
  },
  {
    verb: "apply",
    words: async (at) => [await smaller(at)],
    bare: false,
    shows: /machines? would be removed:\s+demo-/,
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
    shows: /The pool old is not declared: it would be removed, and its machines torn down:\s+0\./,
  },
];

/** A pool with two ready machines and one that alice has, and a node with an orphan. */
export async function place(): Promise<Place> {
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
