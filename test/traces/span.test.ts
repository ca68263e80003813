import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { assignSpan } from "../../src/traces/assigns.ts";
import { readContext, traceIdOf } from "../../src/traces/context.ts";
import { SAMPLERS } from "../../src/traces/sampler.ts";
import { type Ended, KIND } from "../../src/traces/span.ts";
import { tracer } from "../../src/traces/tracer.ts";

const CALLER = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
const NOT_RECORDED = CALLER.replace(/01$/, "00");
const ASSIGNED = { pool: "demo", state: "setting_up" };

function recorded() {
  const ended: Ended[] = [];
  return { ended, trace: tracer(SAMPLERS.parentbased_always_on(), (span) => ended.push(span)) };
}

test("span: parts of parts → one trace, each below its own, none outside of it in time", () => {
  const { ended, trace } = recorded();
  const root = trace({
    name: "a",
    kind: KIND.consumer,
    parent: null,
    traceId: "1".repeat(32),
    attributes: {},
  });
  const part = root.child("b");
  part.child("c").end("broken");
  part.end();
  root.end();
  root.end("too late to count");
  const [c, b, a] = ended;
  expect(ended.map(({ name, error }) => [name, error])).toEqual([
    ["c", "broken"],
    ["b", null],
    ["a", null],
  ]);
  expect([c?.parent, b?.parent, a?.parent]).toEqual([b?.context.spanId, a?.context.spanId, null]);
  expect(new Set(ended.map(({ context }) => context.traceId)).size).toBe(1);
  const times = [a, b, c].map((span) => span?.startMs ?? 0);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect((c?.endMs ?? 0) <= (b?.endMs ?? 0) && (b?.endMs ?? 0) <= (a?.endMs ?? 0)).toBe(true);
});

test("assign: with a caller's trace → continues it; without → the trace has the assignment's id", () => {
  const { ended, trace } = recorded();
  const id = randomUUID();
  const continued = assignSpan(trace, CALLER);
  const context = readContext(continued.contextOf(id));
  continued.created(ASSIGNED);
  expect(ended[0]).toMatchObject({ context, parent: "b".repeat(16), name: "assign", kind: KIND.server });
  expect(context?.traceId).toBe("a".repeat(32));

  const begun = assignSpan(trace, undefined);
  expect(readContext(begun.contextOf(id))).toMatchObject({ traceId: traceIdOf(id), sampled: true });
  begun.created(ASSIGNED);
  expect(ended[1]).toMatchObject({ parent: null, attributes: { "warmpool.assignment": id } });
});

test("assign: a caller that is not recorded → nothing is, and the relay learns it; no new assignment → no span", () => {
  const { ended, trace } = recorded();
  const unwanted = assignSpan(trace, NOT_RECORDED);
  expect(readContext(unwanted.contextOf(randomUUID()))?.sampled).toBe(false);
  unwanted.created(ASSIGNED);
  assignSpan(trace, CALLER).contextOf(randomUUID());
  expect(ended).toEqual([]);
});
