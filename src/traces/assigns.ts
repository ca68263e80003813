import { readContext, traceIdOf, writeContext } from "./context.ts";
import { KIND, type OpenSpan, thisMoment } from "./span.ts";
import type { Tracer } from "./tracer.ts";

/**
 * The span of an assign: it continues the caller's trace, or begins the one that has the assignment's id. A repeated call
 * creates no assignment and leaves no span.
 * @param caller the `traceparent` of the caller
 */
export function assignSpan(trace: Tracer, caller: string | undefined) {
  const at = thisMoment();
  const parent = readContext(caller);
  let span: OpenSpan | null = null;
  return {
    contextOf: (assignment: string): string => {
      const attributes = { "warmpool.assignment": assignment };
      const traceId = traceIdOf(assignment);
      span = trace({ name: "assign", kind: KIND.server, parent, traceId, attributes, at });
      return writeContext(span.context);
    },
    created: ({ pool, state }: { pool: string; state: string }): void => {
      span?.end(null, { "warmpool.pool": pool, "warmpool.state": state });
    },
  };
}
