import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { until } from "../helpers/until.ts";

const PROGRAM = `
  const { stopSignal } = await import(process.argv[1]);
  // Each signal comes two seconds after the one before.
  let now = 0;
  const clock = { now: () => (now += 2000) };
  const stop = stopSignal(() => { console.log("at once"); process.exit(7); }, clock);
  stop.addEventListener("abort", () => console.log("stopping: " + stop.reason.message));
  console.log("up");
  setInterval(() => {}, 60_000);
`;

test("a process that is asked to stop twice ends at once", async () => {
  const module = new URL("../../src/stack/signals.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, module], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    let output = "";
    child.stdout.on("data", (data) => (output += String(data)));
    await until("the program", () => output.includes("up"));
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await until("the first signal's effect", () => output.includes("stopping"));
    child.kill("SIGTERM");
    expect(await ended).toEqual([7, null]);
    expect(output).toBe("up\nstopping: stopped by SIGINT\nat once\n");
  } finally {
    child.kill("SIGKILL");
  }
});
