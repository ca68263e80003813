import { printableJson } from "../../contract/foreign.ts";
import { describeFailure } from "../../db/failure.ts";

type Fields = Record<string, string | number | boolean | null>;

/** One JSON line per event, for whatever collects the edge's output. Never pass a token, a parameter or a query. */
export function log(level: "info" | "warn" | "error", message: string, fields: Fields = {}): void {
  console.log(printableJson({ at: new Date().toISOString(), level, message, ...fields }));
}

/** A failure nobody expected: what kind it was and where, without the text that may quote a query. */
export function logFailure(message: string, error: unknown, fields: Fields = {}): void {
  const frames =
    error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  log("error", message, {
    ...fields,
    error: describeFailure(error),
    where: frames
      .slice(0, 6)
      .map((frame) => frame.trim())
      .join(" | "),
  });
}
