import { readFileSync } from "node:fs";

/**
 * Loaded into a Node process ahead of its program (`--import`): its wall clock is off by as many seconds as stand in
 * the file that WARMPOOL_CHAOS_CLOCK names. The monotonic clock and timers go on, as they do when a host's time is set.
 */
const file = process.env["WARMPOOL_CHAOS_CLOCK"] ?? "";
const LOOK_MS = 200;

let offMs = 0;
const look = (): void => {
  try {
    offMs = Number(readFileSync(file, "utf8")) * 1000;
  } catch {
    offMs = 0;
  }
};
look();
setInterval(look, LOOK_MS).unref();

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (real, args: unknown[]) =>
    Reflect.construct(real, args.length === 0 ? [real.now() + offMs] : args) as Date,
  get: (real, property) =>
    property === "now" ? () => real.now() + offMs : (Reflect.get(real, property) as unknown),
});
