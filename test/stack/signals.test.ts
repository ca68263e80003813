import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { stopSignal } from "../../src/stack/signals.ts";
import { testClock } from "../helpers/testClock.ts";

test("signals within a second are one; a later one ends the process at once", async () => {
  const clock = testClock();
  const source = new EventEmitter();
  let atOnce = 0;
  const stop = stopSignal(() => (atOnce += 1), clock, source as unknown as NodeJS.Process);
  const send = (name: string) => source.emit(name, name);
  expect(stop.aborted).toBe(false);
  send("SIGINT");
  expect((stop.reason as Error).message).toBe("stopped by SIGINT");
  // The same key press, as npm passes it on.
  for (const milliseconds of [0, 500, 500]) {
    await clock.advance(milliseconds);
    send("SIGTERM");
  }
  expect(atOnce).toBe(0);
  await clock.advance(1);
  send("SIGINT");
  expect(atOnce).toBe(1);
});
