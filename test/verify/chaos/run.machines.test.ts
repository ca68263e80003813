import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { isNight } from "../../helpers/nightly.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";

/** Nothing that needs long to get over. */
const KINDS = "machine_vanished,relay_killed,postgres_killed";
const SEED = 9734;
const MINUTES = 0.22;

test.runIf(isNight)("a short run of faults ends with nothing broken", async () => {
  await using folder = await temporaryFolder();
  const main = fileURLToPath(new URL("../../../verify/chaos/main.ts", import.meta.url));
  const args = ["--seed", String(SEED), "--minutes", String(MINUTES), "--kinds", KINDS];
  args.push("--state-dir", folder.path);
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill());
  const exited = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exited) as [number | null];
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/\n\d+ passed, 0 failed\n$/);
  expect(stdout).not.toContain("BROKEN");
});
