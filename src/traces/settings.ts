import * as z from "zod";
import { SAMPLERS, type Sampler } from "./sampler.ts";

/** Where spans go, and which: the standard's variables, https://opentelemetry.io/docs/specs/otel/protocol/exporter/. */
export type TraceSettings = {
  url: string;
  headers: Record<string, string>;
  service: string | undefined;
  sampler: Sampler;
};

/** A setting cannot be used. The message names it, and never quotes a header. */
export class TraceSettingsError extends Error {
  override name = "TraceSettingsError";
}

/** A variable that is set to nothing is not set, says the specification. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (typeof value === "string" && value.trim() === "" ? undefined : value),
    schema.optional(),
  );
}

const endpoint = optional(
  z.string().refine(isEndpoint, {
    error:
      "must be an http or https URL without a user, a query or a fragment, such as http://127.0.0.1:4318",
  }),
);
const headers = optional(
  z.string().transform((text, context) => {
    const parsed = parseHeaders(text);
    if (parsed !== null) return parsed;
    context.addIssue({ code: "custom", message: "must be name=value pairs, separated by commas" });
    return z.NEVER;
  }),
);
const protocol = optional(
  z.literal("http/json", {
    error: "must be http/json, or not be set: Warmpool has no other; collectors accept it on the port 4318",
  }),
);
const names = Object.keys(SAMPLERS) as (keyof typeof SAMPLERS)[];

const environment = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: headers,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: headers,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_SERVICE_NAME: optional(z.string().max(200, "must have at most 200 characters")),
  OTEL_TRACES_SAMPLER: optional(z.enum(names, { error: `must be one of ${names.join(", ")}` })),
  OTEL_TRACES_SAMPLER_ARG: optional(
    z
      .string()
      .transform(Number)
      .pipe(z.number("must be a number from 0 to 1").min(0, "must be 0 or more").max(1, "must be 1 or less")),
  ),
});

/**
 * @returns null if no endpoint is set
 * @throws TraceSettingsError if one of the variables cannot be used
 */
export function readTraceSettings(env: Readonly<NodeJS.ProcessEnv>): TraceSettings | null {
  const { data: set, error } = environment.safeParse(env);
  if (error !== undefined) {
    const [issue] = error.issues;
    throw new TraceSettingsError(`${issue?.path.join(".")} ${issue?.message}`);
  }
  const url = set.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? signalUrl(set.OTEL_EXPORTER_OTLP_ENDPOINT);
  if (url === undefined) return null;
  const sampler = SAMPLERS[set.OTEL_TRACES_SAMPLER ?? "parentbased_always_on"];
  return {
    url,
    headers: set.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? set.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    service: set.OTEL_SERVICE_NAME,
    sampler: sampler(set.OTEL_TRACES_SAMPLER_ARG ?? 1),
  };
}

/** The endpoint of all signals has a path for each of them. */
function signalUrl(base: string | undefined): string | undefined {
  return base === undefined ? undefined : `${base.endsWith("/") ? base.slice(0, -1) : base}/v1/traces`;
}

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    [url.username, url.password, url.search, url.hash].every((part) => part === "")
  );
}

/** Pairs as in W3C Baggage, values percent-encoded. Null if they are not, or cannot be headers. */
function parseHeaders(text: string): Record<string, string> | null {
  try {
    const pairs = text
      .split(",")
      .filter((pair) => pair.trim() !== "")
      .map((pair) => {
        const at = pair.indexOf("=");
        if (at === -1) throw new TypeError("no value");
        return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())] as [string, string];
      });
    return Object.fromEntries(new Headers(pairs));
  } catch {
    return null;
  }
}
