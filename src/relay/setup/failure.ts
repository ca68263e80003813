import type { OperationResult } from "../../contract/operationResult.ts";
import { head } from "../text.ts";

type SetupFailed = Extract<OperationResult, { outcome: "setup_failed" }>;

/** A set-up that has failed, and at which step. */
export class SetupFailure extends Error {
  readonly reason: SetupFailed["reason"];
  readonly at: Pick<SetupFailed, "step" | "exitCode" | "presented" | "untouched" | "takenBy">;

  constructor(
    reason: SetupFailed["reason"],
    message: string,
    at: Pick<SetupFailed, "step" | "exitCode" | "presented" | "untouched" | "takenBy"> = {},
  ) {
    super(message);
    this.name = "SetupFailure";
    this.reason = reason;
    this.at = at;
  }

  /** @param redact takes secrets out of the words, which may be the machine's; before they are cut, which might cut one */
  result(redact: (text: string) => string): SetupFailed {
    const message = head(redact(this.message), 4096);
    return { outcome: "setup_failed", reason: this.reason, message, ...this.at };
  }
}
