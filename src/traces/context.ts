import { randomBytes } from "node:crypto";
import { traceparent } from "../contract/traceparent.ts";

/** Where a span is: its trace, itself, and whether the trace is recorded. */
export type Context = { traceId: string; spanId: string; sampled: boolean };

const SAMPLED = 1;

/** Null if there is none, or it is not in the standard's form. */
export function readContext(header: string | undefined): Context | null {
  const { data } = traceparent.safeParse(header);
  if (data === undefined) return null;
  const [, traceId = "", spanId = "", flags = ""] = data.split("-");
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function writeContext({ traceId, spanId, sampled }: Context): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** An id of Warmpool's as the id of a trace: both are 128 bits, so each can be found by the other. */
export function traceIdOf(uuid: string): string {
  return uuid.replaceAll("-", "");
}

export function newSpanId(): string {
  return randomBytes(8).toString("hex");
}
