import { createMachine } from "./create.ts";
import { cutOff } from "./cut.ts";
import { deleteMachine } from "./delete.ts";
import type { Executors } from "../session/lease.ts";
import { importMachine, unmarkMachine } from "./import.ts";
import { probeMachines } from "./probe.ts";
import { restartMachine } from "./restart.ts";
import { setUp } from "../setup/setup.ts";
import type { Tools } from "../tools.ts";

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
      case "import":
        return importMachine(operation, lease, tools);
      case "unmark":
        return unmarkMachine(operation, lease, tools);
      case "probe":
        return probeMachines(operation, lease, tools);
    }
  };
}
