import type { LeasedOperation } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { createMachine } from "./create.ts";
import { cutOff } from "./cut.ts";
import { deleteMachine } from "./delete.ts";
import type { Executors, Lease } from "../session/lease.ts";
import { importMachine, unmarkMachine } from "./import.ts";
import { probeMachines } from "./probe.ts";
import { restartMachine } from "./restart.ts";
import { isKeyChange } from "../setup/plan.ts";
import { setUp } from "../setup/setup.ts";
import type { Tools } from "../tools.ts";

export function executors(tools: Tools): Executors {
  const { trace } = tools;
  if (trace === undefined) return (operation, lease) => execute(operation, lease, tools);
  return async (operation, lease) => {
    // A change of keys comes long after the assign, and its trace has ended.
    const isTraced = operation.kind !== "setup" || !isKeyChange(operation);
    const span = isTraced ? trace(operation) : null;
    if (span === null) return execute(operation, lease, tools);
    try {
      const result = await execute(operation, lease, { ...tools, span });
      span.end(failureOf(result));
      return result;
    } catch (error) {
      span.end("abandoned");
      throw error;
    }
  };
}

/** In the contract's words; the message may quote a machine. */
function failureOf(result: OperationResult): string | undefined {
  return "reason" in result ? result.reason : undefined;
}

function execute(operation: LeasedOperation, lease: Lease, tools: Tools): Promise<OperationResult> {
  switch (operation.kind) {
    case "create":
      return createMachine(operation, lease, tools);
    case "setup":
      return setUp(operation, lease, tools);
    case "delete":
      return deleteMachine(operation, lease, tools);
    case "restart":
      return restartMachine(operation, lease, tools);
    case "cut":
      return cutOff(operation, lease, tools);
    case "import":
      return importMachine(operation, lease, tools);
    case "unmark":
      return unmarkMachine(operation, lease, tools);
    case "probe":
      return probeMachines(operation, lease, tools);
  }
}
