import type { LeasedOperation } from "../../../src/contract/relay.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { createdOf, DELETED, setUpOf } from "../../helpers/world.ts";

export const ANSWERS = ["alive", "dead", "unknown"] as const;
export const LISTINGS = ["none", "whole", "lacking"] as const;
export const HOWS = ["well", "well", "badly", "worse", "handed back"] as const;

/** How a relay says that an operation ended. Answers are given in turn; a listing may lack the first machine. */
export type Ending = {
  how: (typeof HOWS)[number];
  answers: readonly (typeof ANSWERS)[number][];
  listing: (typeof LISTINGS)[number];
};

export function resultOf(operation: LeasedOperation, { how, answers, listing }: Ending): OperationResult {
  if (how === "handed back" && operation.kind !== "probe") return { outcome: "handed_back" };
  const message = "it went wrong";
  switch (operation.kind) {
    case "create": {
      const reason = how === "badly" ? "not_reachable" : "no_capacity";
      if (how !== "well") return { outcome: "create_failed", reason, message, evidence: {} };
      return createdOf(operation.machine);
    }
    case "setup": {
      const reason = how === "badly" ? "unreachable" : "step_failed";
      if (how !== "well") return { outcome: "setup_failed", reason, message };
      return setUpOf(operation.assignment.username, operation.assignment.sshKeys);
    }
    case "delete":
      return how === "well" ? DELETED : { outcome: "delete_failed", message };
    case "restart": {
      const { host, port } = operation.machine;
      if (how !== "well") return { outcome: "restart_failed", message };
      return { outcome: "restarted", host, port, access: { host, port } };
    }
    case "cut":
      return how === "well" ? { outcome: "cut" } : { outcome: "cut_failed", message };
    case "import":
    case "unmark":
      throw new Error(`the model asks for no ${operation.kind}`);
    case "probe": {
      const names = operation.machines.map(({ name }) => name);
      const startedAt = new Date().toISOString();
      const listed = { complete: true, startedAt, names: listing === "lacking" ? names.slice(1) : names };
      return {
        outcome: "probed",
        listing: listing === "none" ? null : listed,
        answers: operation.machines.map(({ id }, n) => {
          const answer = answers[n % answers.length] ?? "alive";
          return { id, answer, cause: answer === "alive" ? null : "refused" };
        }),
      };
    }
  }
}
