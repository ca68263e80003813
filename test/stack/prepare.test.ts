import { expect, test } from "vitest";
import type { WarmpoolClient } from "../../src/client/index.ts";
import { preparePool } from "../../src/stack/prepare.ts";
import { aPool } from "../client/samples.ts";

/** The pool of `npm start`: a second one beside it breaks no caller who names none. */
type Pools = { name: string; isDefault: boolean; removedAt?: string }[];

async function started(pools: Pools): Promise<string[]> {
  const asked: string[] = [];
  const views = () => pools.map((pool) => aPool({ removedAt: null, ...pool }));
  const admin = {
    pool: {
      get: { query: () => Promise.resolve(views().find(({ name }) => name === "demo") ?? null) },
      list: { query: () => Promise.resolve(views()) },
      put: {
        mutate: ({ name }: { name: string }) => {
          asked.push(`put ${name}`);
          pools.push({ name, isDefault: false });
          return Promise.resolve();
        },
      },
      default: { mutate: ({ name }: { name: string }) => Promise.resolve(asked.push(`default ${name}`)) },
    },
  } as unknown as WarmpoolClient;
  const folder = {
    memory: () => ({ driver: "local" }),
    adminSshKey: () => "ssh-ed25519 AAAA",
  } as unknown as Parameters<typeof preparePool>[0];
  await preparePool(folder, { targetSize: null, maxSize: null }, admin, (attempt) => attempt());
  return asked;
}

const demo = { name: "demo", isDefault: false };
const gone = "2026-11-30T11:00:00.000Z";

test.each<[string, Pools, string[]]>([
  ["the first start", [], ["put demo", "default demo"]],
  [
    "a start after one that was killed in between",
    [demo, { name: "other", isDefault: false }],
    ["default demo"],
  ],
  ["a start when an admin has made another one the default", [demo, { name: "other", isDefault: true }], []],
  [
    "a start beside a pool called default, which callers mean",
    [demo, { name: "default", isDefault: false }],
    [],
  ],
  [
    "a start when the default is removed, and not gone yet",
    [demo, { name: "other", isDefault: true, removedAt: gone }],
    ["default demo"],
  ],
])("%s: the pool demo is the default, unless callers mean another one", async (_, pools, asked) => {
  expect(await started(pools)).toEqual(asked);
});
