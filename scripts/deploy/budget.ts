import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/**
 * What a Worker may weigh, 240 of the units that wrangler prints: its start takes longer the more there is to read, and
 * Cloudflare refuses it at some size.
 */
export const BUDGET_BYTES = 240 * 1024;

/** Gzipped, all modules that wrangler has written into the folder. */
export function bundleBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(m?js|wasm)$/.test(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0);
}
