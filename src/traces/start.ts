import type { LeasedOperation } from "../contract/relay.ts";
import { assignSpan } from "./assigns.ts";
import { exporter } from "./exporter.ts";
import { operationSpan } from "./operations.ts";
import { exportRequest } from "./otlp.ts";
import { readTraceSettings } from "./settings.ts";
import type { Attributes, OpenSpan } from "./span.ts";
import { tracer } from "./tracer.ts";

export type TracesOptions = {
  /** What the process is called if OTEL_SERVICE_NAME does not say so. */
  service: string;
  /** What else all its spans have in common. */
  resource: Attributes;
  /** Spans were lost, which nobody else is notified of. */
  onDropped: (count: number, why: string) => void;
};

/** The traces of a process. Only src/host/traces.ts loads this module, and only if they are wanted. */
export type Traces = {
  assign: (caller: string | undefined) => ReturnType<typeof assignSpan>;
  operation: (operation: LeasedOperation) => OpenSpan | null;
  /** Sends what is left, for so many milliseconds at most. */
  close: (graceMs: number) => Promise<void>;
};

/**
 * @returns null if the environment names no endpoint
 * @throws TraceSettingsError if one of its variables cannot be used
 */
export function startTraces(
  env: Readonly<NodeJS.ProcessEnv>,
  { service, resource, onDropped }: TracesOptions,
): Traces | null {
  const settings = readTraceSettings(env);
  if (settings === null) return null;
  const common: Attributes = {
    "service.name": settings.service ?? service,
    ...resource,
    "telemetry.sdk.name": "warmpool",
    "telemetry.sdk.language": "nodejs",
  };
  const { url, headers } = settings;
  const out = exporter({ url, headers, encode: (spans) => exportRequest(common, spans), onDropped });
  const trace = tracer(settings.sampler, out.add);
  return {
    assign: (caller) => assignSpan(trace, caller),
    operation: (operation) => operationSpan(trace, operation),
    close: out.close,
  };
}
