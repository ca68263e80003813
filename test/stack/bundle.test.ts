import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** A Worker is loaded by whoever calls first, and a free plan takes 3 MB: nothing large comes in unseen. */
test("the Worker's bundle has 240 KiB at most, minified and gzipped", async () => {
  const { outputFiles } = await build({
    entryPoints: ["src/worker.ts"],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "node",
    conditions: ["workerd", "worker"],
    external: ["cloudflare:*"],
    legalComments: "none",
    logLevel: "silent",
  });
  const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(240 * 1024);
});
