import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/**
 * `npm run check`: runs all checks that need no test run, side by side because most of them use one core only. Shows
 * what each has printed as soon as it ends, and exits with 1 if one of them failed. Each is also a script of its own,
 * such as `npm run walls`.
 */
const PARTS = ["format:check", "walls", "words", "drift", "supply", "dead", "types", "lint"];

const root = fileURLToPath(new URL("..", import.meta.url));
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(`${root}package.json`, "utf8")));
const running = new Set<ChildProcess>();

async function run(part: string): Promise<boolean> {
  const began = performance.now();
  const command = scripts[part];
  if (command === undefined)
    throw new Error(`package.json has no script ${part}; add it or change PARTS here`);
  // A process group of its own, so that a signal reaches what the shell has started too.
  const child = spawn("sh", ["-c", command], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => output.push(data));
  const [code] = (await once(child, "close")) as [number | null];
  running.delete(child);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`=== ${part}: ${code === 0 ? "ok" : `failed (npm run ${part})`} after ${seconds} s`);
  process.stdout.write(Buffer.concat(output));
  return code === 0;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    // They keep nothing that a gentler end would save, and tsc does not end at SIGTERM.
    for (const { pid } of running) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    process.kill(process.pid, signal);
  });
}
const passed = await Promise.all(PARTS.map(run));
const failed = PARTS.filter((_, index) => passed[index] !== true);
if (failed.length > 0) {
  console.error(`failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
