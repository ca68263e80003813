import type { LeasedOperation } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { oneLine } from "../text.ts";

/** What is told in place of a result that the edge does not take; null for a probe, which is asked again anyway. */
export function refusedResult(kind: LeasedOperation["kind"], why: string): OperationResult | null {
  const message = oneLine(`The edge rejected the relay's result: ${why}`, 4096);
  switch (kind) {
    case "create":
      return { outcome: "create_failed", reason: "driver_failed", message, evidence: {} };
    case "setup":
      return { outcome: "setup_failed", reason: "machine_refused", message };
    case "delete":
      return { outcome: "delete_failed", message };
    case "restart":
      return { outcome: "restart_failed", message };
    case "cut":
      return { outcome: "cut_failed", message };
    case "import":
      return { outcome: "import_refused", message, fix: "Look at the relay's log, and import again." };
    case "unmark":
      return { outcome: "unmark_failed", message };
    case "probe":
      return null;
  }
}
