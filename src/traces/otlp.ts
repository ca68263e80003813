import type { Attributes, Ended } from "./span.ts";

/**
 * Spans as OTLP/HTTP wants them in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hex there,
 * and 64-bit numbers are text.
 */
export function exportRequest(resource: Attributes, spans: readonly Ended[]): string {
  const scopeSpans = [{ scope: { name: "warmpool" }, spans: spans.map(spanOf) }];
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans }],
  });
}

const STATUS_ERROR = 2;
/** No name that is valid here is longer. */
const LONGEST = 200;

function spanOf({ context, parent, name, kind, startMs, endMs, attributes, error }: Ended): object {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parent === null ? {} : { parentSpanId: parent }),
    name: name.slice(0, LONGEST),
    kind,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributesOf(error === null ? attributes : { ...attributes, "error.type": error }),
    ...(error === null ? {} : { status: { code: STATUS_ERROR, message: error.slice(0, LONGEST) } }),
  };
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? numberOf(value) : { stringValue: value.slice(0, LONGEST) },
  }));
}

function numberOf(value: number): object {
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** To the microsecond: a double holds no more of a date. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}
