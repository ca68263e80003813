import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readRecipe } from "../cli/inputs/recipeFolder.ts";
import { errorCode } from "../client/index.ts";
import type { WarmpoolClient } from "../client/index.ts";
import type { PoolSpecInput } from "../contract/pool.ts";
import type { StackFolder } from "./folder.ts";
import { DEFAULT_TARGET_SIZE } from "./options.ts";
import type { StackOptions } from "./options.ts";
import { hasJoined, NODE_NAME, takeOverFormer } from "./ownRelay.ts";
import { patiently } from "./patience.ts";

/**
 * What a stack needs before its pool can fill. Each step sees for itself whether it was done, so that a start that
 * was killed anywhere is finished by the next one; what an admin changed since is left as it is.
 */
export const POOL_NAME = "demo";
const RECIPE_NAME = "example";
/** Machines beyond the target, for testers who hold one while the pool fills up again. */
const HEADROOM = 3;
const EDGE_SECONDS = 60;

export async function prepare(
  folder: StackFolder,
  options: StackOptions,
  admin: WarmpoolClient,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const ask = <T>(attempt: () => Promise<T>) => patiently(attempt, EDGE_SECONDS, signal);
  if (folder.memory().appToken === null) {
    const created = await ask(() => admin.token.create.mutate({ name: "local stack", role: "app" }));
    folder.remember({ appToken: created.token });
  }
  if ((await ask(() => orNull(admin.recipe.get.query({ name: RECIPE_NAME })))) === null) {
    const recipe = readRecipe(fileURLToPath(new URL("../../recipes/example", import.meta.url)));
    await ask(() => admin.recipe.put.mutate(recipe));
  }
  await joinNode(folder, admin, url, ask, signal);
  await preparePool(folder, options, admin, ask);
  for (const name of folder.memory().pausedPools) {
    await ask(() => orNull(admin.pool.resume.mutate({ name })));
    folder.remember({ pausedPools: folder.memory().pausedPools.filter((other) => other !== name) });
  }
}

/** Lets a relay that an earlier version kept elsewhere be the stack's own, before anything asks whether there is one. */
export async function prepareRelay(
  folder: StackFolder,
  admin: WarmpoolClient,
  signal: AbortSignal,
): Promise<void> {
  if (hasJoined(folder)) return;
  const ask = <T>(attempt: () => Promise<T>) => patiently(attempt, EDGE_SECONDS, signal);
  const { installation } = await ask(() => admin.installation.check.query());
  const nodes = await ask(() => admin.node.list.query());
  const isKnownNode = nodes.some(({ name }) => name === NODE_NAME);
  await takeOverFormer(folder, installation, isKnownNode);
}

type Ask = <T>(attempt: () => Promise<T>) => Promise<T>;

async function joinNode(
  folder: StackFolder,
  admin: WarmpoolClient,
  url: string,
  ask: Ask,
  signal: AbortSignal,
): Promise<void> {
  if (hasJoined(folder)) return;
  const { joinToken } = await ask(() => admin.node.enroll.mutate({ name: NODE_NAME }));
  const warmpool = fileURLToPath(new URL("../../bin/warmpool.js", import.meta.url));
  const args = [warmpool, "relay", "join", "--url", url, "--dir", folder.relay];
  await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, WARMPOOL_JOIN_TOKEN: joinToken },
    timeout: 60_000,
    signal,
  });
}

/** The pool `demo`, and that callers who name none mean it, unless there is another one that they mean. */
export async function preparePool(
  folder: Pick<StackFolder, "memory" | "adminSshKey">,
  options: Pick<StackOptions, "targetSize" | "maxSize">,
  admin: WarmpoolClient,
  ask: Ask,
): Promise<void> {
  await putPool(folder, options, admin, ask);
  const pools = await ask(() => admin.pool.list.query());
  const standing = pools.filter(({ removedAt }) => removedAt === null);
  if (!standing.some(({ name, isDefault }) => isDefault || name === "default"))
    await ask(() => admin.pool.default.mutate({ name: POOL_NAME }));
}

async function putPool(
  folder: Pick<StackFolder, "memory" | "adminSshKey">,
  options: Pick<StackOptions, "targetSize" | "maxSize">,
  admin: WarmpoolClient,
  ask: Ask,
): Promise<void> {
  const pool = await ask(() => orNull(admin.pool.get.query({ name: POOL_NAME })));
  if (pool !== null && options.targetSize === null && options.maxSize === null) return;
  const targetSize = options.targetSize ?? pool?.spec.targetSize ?? DEFAULT_TARGET_SIZE;
  const spec: PoolSpecInput = pool?.spec ?? {
    name: POOL_NAME,
    targetSize,
    maxSize: targetSize,
    shape: { vcpus: 1, memoryMib: 512, diskGib: 1 },
    image: folder.memory().driver === "incus" ? folder.memory().incus.image : "local",
    instanceType: "container",
    adminSshKeys: [folder.adminSshKey()],
    recipe: RECIPE_NAME,
  };
  const maxSize = options.maxSize ?? Math.max(pool?.spec.maxSize ?? 0, targetSize + HEADROOM);
  await ask(() => admin.pool.put.mutate({ ...spec, targetSize, maxSize }));
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === "NOT_FOUND") return null;
    throw error;
  }
}
