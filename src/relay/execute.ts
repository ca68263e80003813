import type { LeasedOperation } from "../contract/relay.ts";
import type { OperationResult } from "../contract/operationResult.ts";
import { createMachine } from "./create.ts";
import { cutOff } from "./cut.ts";
import { deleteMachine } from "./delete.ts";
import type { Lease } from "./lease.ts";
import { probeMachines } from "./probe.ts";
import { restartMachine } from "./restart.ts";
import { setUp } from "./setup/setup.ts";
import type { Tools } from "./tools.ts";

/** Does one operation and says how it ended; throws the lease's reason where it may not go on. */
export type Executors = (operation: LeasedOperation, lease: Lease) => Promise<OperationResult>;

export function executors(tools: Tools): Executors {
  return (operation, lease) => {
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
      case "probe":
        return probeMachines(operation, lease, tools);
    }
  };
}
