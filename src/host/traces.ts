import type { Traces, TracesOptions } from "../traces/start.ts";

/**
 * The traces that the environment asks for; null if it does not, and then nothing of them is loaded.
 * @throws TraceSettingsError if a variable cannot be used; its message names the variable
 */
export async function tracesOf(
  env: Readonly<NodeJS.ProcessEnv>,
  options: TracesOptions,
): Promise<Traces | null> {
  const isOff = env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none";
  // Without one of these there is nowhere to send spans to.
  const endpoints = [env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], env["OTEL_EXPORTER_OTLP_ENDPOINT"]];
  if (isOff || endpoints.every((text = "") => text.trim() === "")) return null;
  const { startTraces } = await import("../traces/start.ts");
  return startTraces(env, options);
}
