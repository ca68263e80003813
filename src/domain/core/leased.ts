import type { OperationKind } from "../../contract/operation.ts";
import { WarmpoolError } from "./errors.ts";

/** An operation as the relay that has leased it gets it: what all that ends or continues one is given. */
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

/** The same once its row is locked for the finish. */
export type Standing = Leased & { state: "leased" | "cancelling"; pool: string | null };

/** The answer to everybody who holds a lease no more. */
export function leaseLost(id: string): WarmpoolError {
  return new WarmpoolError(
    "LEASE_LOST",
    `this session no longer holds the lease of operation ${id}; abandon it, nothing was changed`,
  );
}
