import type { CreateOperation, LeasedOperation, SetupOperation } from "../contract/relay.ts";
import { readContext, traceIdOf } from "./context.ts";
import { type Attributes, KIND, type OpenSpan } from "./span.ts";
import type { Tracer } from "./tracer.ts";

/**
 * The span of an operation on a relay; null for kinds that are not traced. A set-up continues the trace of its assign. If
 * the edge has recorded none, as on Cloudflare, all set-ups of an assignment are in the trace that has the assignment's
 * id; a create is in the trace that has the machine's.
 */
export function operationSpan(trace: Tracer, operation: LeasedOperation): OpenSpan | null {
  switch (operation.kind) {
    case "setup":
      return setupSpan(trace, operation);
    case "create":
      return createSpan(trace, operation);
    case "delete":
    case "restart":
    case "cut":
    case "import":
    case "unmark":
    case "probe":
      return null;
  }
}

function setupSpan(trace: Tracer, operation: SetupOperation): OpenSpan {
  const { id, recipe } = operation.assignment;
  return trace({
    name: "set-up",
    kind: KIND.consumer,
    parent: readContext(operation.traceparent),
    traceId: traceIdOf(id),
    attributes: {
      ...aboutOperation(operation),
      "warmpool.assignment": id,
      "warmpool.recipe": recipe.name,
      "warmpool.recipe.version": recipe.version,
    },
  });
}

function createSpan(trace: Tracer, operation: CreateOperation): OpenSpan {
  return trace({
    name: "create",
    kind: KIND.consumer,
    parent: null,
    traceId: traceIdOf(operation.machine.id),
    attributes: { ...aboutOperation(operation), "warmpool.pool": operation.spec.pool },
  });
}

/** Names and numbers that Warmpool or its operator gave. A tester's name, keys and parameters stay out. */
function aboutOperation({ id, attempt, machine }: SetupOperation | CreateOperation): Attributes {
  return {
    "warmpool.operation": id,
    "warmpool.operation.attempt": attempt,
    "warmpool.machine": machine.name,
  };
}
