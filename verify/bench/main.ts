import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endWhenStopped, holdLeash } from "../../scripts/leash/leash.ts";
import { migrate } from "../../src/db/migrate.ts";
import { startPostgres } from "../../src/stack/postgres.ts";
import { claim } from "./claim.ts";
import type { Bench, Comparison } from "./comparison.ts";
import { dashboard } from "./dashboard.ts";
import { warm } from "./warm.ts";

/**
 * `npm run bench [-- NAME…] [--json FILE]`: each benchmark compares two ways side by side, in turns, on a database of
 * its own, and reports the ratio of each pair. Absolute times belong to the machine; ratios travel. Without a name those
 * run that need nothing but this checkout.
 */
const BENCHES: Record<string, Bench> = { claim, dashboard, warm };
/** What needs Incus, or Chromium and an idle machine. */
const BY_NAME = new Set(["dashboard", "warm"]);

const { values, positionals } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
const unknown = positionals.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(
    `there is no benchmark named ${unknown.join(", ")}; there are: ${Object.keys(BENCHES).join(", ")}`,
  );
  process.exit(2);
}

const leash = await holdLeash("bench");
endWhenStopped(leash, false, (why) => console.error(`Stopped by ${why}; ending what was started.`));
const server = await startPostgres({ folder: join(leash.folder, "postgres"), keep: "throwaway" });
const results: Record<string, Comparison[]> = {};
try {
  await migrate(server.url);
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (!(positionals.length > 0 ? positionals.includes(name) : !BY_NAME.has(name))) continue;
    console.log(`${name} …`);
    results[name] = await bench(server.url);
    for (const { what, pairs, aMs, bMs, ratio } of results[name]) {
      console.log(`  ${what}`);
      console.log(`    A ${time(aMs)}, B ${time(bMs)}; A/B ${ratio.toFixed(2)} (medians of ${pairs} pairs)`);
    }
  }
} finally {
  await server[Symbol.asyncDispose]();
}
await leash.release(false);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);

function time(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(2)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
