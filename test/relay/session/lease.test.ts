import { expect, test } from "vitest";
import type { Progress } from "../../../src/contract/progress.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { HeldLease } from "../../../src/relay/session/lease.ts";

const log = (offset: number, end: number): Progress => ({ kind: "setup", log: { offset, end, text: "x" } });

function lease(seconds = 60): HeldLease {
  return new HeldLease({ id: "o", token: 1 }, performance.now() + seconds * 1000, () => undefined);
}

test("progress whose answer got lost is sent again unchanged, before anything newer", async () => {
  const held = lease();
  const told = [held.report(log(0, 5))];
  expect(held.nextProgress()).toEqual(log(0, 5));
  told.push(held.report(log(5, 9)));
  expect(held.nextProgress()).toEqual(log(0, 5));
  held.renewed(performance.now() + 60_000, held.nextProgress());
  await told[0];
  expect(held.nextProgress()).toEqual(log(5, 9));
  held.renewed(performance.now() + 60_000, held.nextProgress());
  await told[1];
  expect(held.hasProgress).toBe(false);
  held.release();
});

test("a renewal that did not carry the progress acknowledges none of it", () => {
  const held = lease();
  held.report(log(0, 5)).catch(() => undefined);
  held.nextProgress();
  held.renewed(performance.now() + 60_000, undefined);
  expect(held.nextProgress()).toEqual(log(0, 5));
  held.release();
});

test("whoever waits to be heard is told when the lease ends, and when the operation does", async () => {
  const lost = lease();
  const waiting = lost.confirm(log(0, 5));
  lost.end(new LeaseLost("lost"));
  await expect(waiting).rejects.toThrow("lost");
  await expect(lost.report(log(5, 9))).rejects.toThrow("lost");
  const ended = lease();
  const late = ended.report(log(0, 5));
  ended.release();
  await expect(late).rejects.toThrow(LeaseLost);
});

test("the first reason for its end stays, and no renewal brings it back", () => {
  const held = lease();
  held.end(new LeaseLost("first"));
  held.end(new LeaseLost("second"));
  held.renewed(performance.now() + 60_000, undefined);
  expect(() => held.ensure()).toThrow("first");
});
