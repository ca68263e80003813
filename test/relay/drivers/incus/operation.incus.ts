import { expect, test } from "vitest";
import { z } from "zod";
import { pathOf } from "../../../../src/relay/drivers/incus/look.ts";
import { ended } from "../../../../src/relay/drivers/incus/operation.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import type { IncusUnderTest } from "./machines.ts";

/** Operations that take longer than somebody is willing to wait. */
const SLEEP_SECONDS = 3;
/** Longer than the driver keeps one question open. */
const LONG_SECONDS = 7;

test("an operation that goes on for longer than one question is waited for, to its end", async () => {
  await using under = await incusUnderTest();
  const id = await slowOperation(under, LONG_SECONDS);
  await ended(under.incus, id, 60, soon());
  expect(await isUnderWay(under, id)).toBe(false);
});

test("at its deadline an operation is given up only once it has ended", async () => {
  await using under = await incusUnderTest();
  const id = await slowOperation(under);
  await expect(ended(under.incus, id, 0.5, soon())).rejects.toMatchObject({
    code: "retry",
    message: expect.stringContaining("it has finished since"),
  });
  expect(await isUnderWay(under, id)).toBe(false);
});

test("no longer wanted, an operation has ended when the reason comes back", async () => {
  await using under = await incusUnderTest();
  const id = await slowOperation(under);
  const abort = new AbortController();
  const waiting = expect(ended(under.incus, id, 60, abort.signal)).rejects.toThrow("changed our mind");
  abort.abort(new Error("changed our mind"));
  await waiting;
  expect(await isUnderWay(under, id)).toBe(false);
});

test("an operation that Incus does not know is asked for again, not taken for done", async () => {
  await using under = await incusUnderTest();
  const unknown = ended(under.incus, "2f1e7a9c-0000-4000-8000-000000000000", 60, soon());
  await expect(unknown).rejects.toMatchObject({ code: "retry" });
});

async function slowOperation(
  { driver, incus }: IncusUnderTest,
  seconds = SLEEP_SECONDS,
): Promise<string | null> {
  const machine = await driver.create(await request(), soon());
  (await rootLogin(machine))[Symbol.dispose]();
  const body = { command: ["sleep", String(seconds)], interactive: false, "record-output": false };
  return incus.change("POST", `${pathOf(machine.name)}/exec`, body);
}

async function isUnderWay({ incus }: IncusUnderTest, id: string | null): Promise<boolean> {
  const found = await incus.read("/1.0/operations", z.record(z.string(), z.array(z.string())), soon());
  return (found["running"] ?? []).some((url) => url.endsWith(String(id)));
}
