import { readFileSync } from "node:fs";

/**
 * Loaded into a Node process ahead of its program (`--import`): while the file that WARMPOOL_CHAOS_BUSY names is there,
 * the process's one thread does nothing else for as many seconds at a time as stand in it, and looks once around
 * between. To the program that is an event loop full of work; the host is spared it.
 */
const file = process.env["WARMPOOL_CHAOS_BUSY"] ?? "";
const LOOK_MS = 200;
const never = new Int32Array(new SharedArrayBuffer(4));

const look = (): void => {
  const ms = secondsAsked() * 1000;
  if (ms > 0) Atomics.wait(never, 0, 0, ms);
  setTimeout(look, ms > 0 ? 1 : LOOK_MS).unref();
};

function secondsAsked(): number {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

look();
