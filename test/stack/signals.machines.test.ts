import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { until } from "../helpers/until.ts";

const PROGRAM = `
  const { stopSignal } = await import(process.argv[1]);
  const stop = stopSignal(() => { console.log("at once"); process.exit(7); });
  stop.addEventListener("abort", () => console.log("stopping: " + stop.reason.message));
  console.log("up");
  setInterval(() => {}, 60_000);
`;

test("signals within a second are one; a later one ends the process at once", async () => {
  const module = new URL("../../src/stack/signals.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, module], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    let output = "";
    child.stdout.on("data", (data) => (output += String(data)));
    await until("the program", () => output.includes("up"));
    const startedAt = performance.now();
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await until("the first signal's effect", () => output.includes("stopping"));
    // The same key press, as npm hands it on, for as long as the process takes it for one.
    await until("the process to end", () => child.exitCode !== null || !child.kill("SIGTERM"), {
      everyMs: 50,
    });
    expect(await ended).toEqual([7, null]);
    expect(output).toBe("up\nstopping: stopped by SIGINT\nat once\n");
    expect(performance.now() - startedAt).toBeGreaterThan(1000);
  } finally {
    child.kill("SIGKILL");
  }
});
