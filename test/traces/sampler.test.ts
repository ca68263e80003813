import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { traceIdOf } from "../../src/traces/context.ts";
import { SAMPLERS } from "../../src/traces/sampler.ts";

const sampled = { traceId: "f".repeat(32), spanId: "1".repeat(16), sampled: true };
const LOW = `${"f".repeat(18)}${"0".repeat(14)}`;
const HIGH = `${"0".repeat(18)}${"f".repeat(14)}`;

test("sampler: parentbased → as the caller has decided; without one as configured", () => {
  const ratio = SAMPLERS.parentbased_traceidratio(0);
  expect([ratio(sampled, HIGH), ratio({ ...sampled, sampled: false }, HIGH), ratio(null, HIGH)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(SAMPLERS.parentbased_always_on()(null)).toBe(true);
  expect(SAMPLERS.parentbased_always_off()(null)).toBe(false);
  expect(SAMPLERS.always_off()()).toBe(false);
});

test("sampler: a share → decided by the random end of the id alone, all at 1, none at 0", () => {
  expect([LOW, HIGH].map((id) => SAMPLERS.traceidratio(0.5)(null, id))).toEqual([false, true]);
  expect([LOW, HIGH].map((id) => SAMPLERS.traceidratio(1)(null, id))).toEqual([true, true]);
  expect([LOW, HIGH].map((id) => SAMPLERS.traceidratio(0)(null, id))).toEqual([false, false]);
});

test("sampler: ids of assignments as ids of traces → about the share of them", () => {
  const ids = Array.from({ length: 4000 }, () => traceIdOf(randomUUID()));
  const quarter = ids.filter((id) => SAMPLERS.traceidratio(0.25)(null, id)).length;
  // Eight standard deviations on either side.
  expect(Math.abs(quarter - 1000)).toBeLessThan(220);
});
