import type { OperationKind } from "../../contract/operation.ts";
import { WarmpoolError } from "./errors.ts";

/** A leased operation: the input of everything that ends or continues one. */
export type Leased = {
  id: string;
  kind: OperationKind;
  session: string;
  token: number;
  attempt: number;
  machine: string | null;
  assignment: string | null;
  node: string;
  scope: "suspects" | null;
};

/** The same after its row was locked for the finish. */
export type Standing = Leased & { state: "leased" | "cancelling"; pool: string | null };

/** The error for a caller that no longer holds the lease. */
export function leaseLost(id: string): WarmpoolError {
  return new WarmpoolError(
    "LEASE_LOST",
    `this session no longer holds the lease of operation ${id}; abandon it, nothing was changed`,
  );
}
