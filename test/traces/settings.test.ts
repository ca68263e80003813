import { expect, test } from "vitest";
import { readTraceSettings, TraceSettingsError } from "../../src/traces/settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/" };

test("settings: the endpoint of all signals → its path for traces; that of traces → as it is", () => {
  expect(readTraceSettings(ENDPOINT)?.url).toBe("http://127.0.0.1:4318/v1/traces");
  const own = { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://otel.example.com/mine" };
  expect(readTraceSettings(own)?.url).toBe("https://otel.example.com/mine");
  expect(readTraceSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: " " })).toBeNull();
});

test("settings: headers → decoded; those of traces come first", () => {
  const headers = { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20abc%3D, x-tenant = one " };
  expect(readTraceSettings({ ...ENDPOINT, ...headers })?.headers).toEqual({
    authorization: "Basic abc=",
    "x-tenant": "one",
  });
  const own = { ...headers, OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x=1" };
  expect(readTraceSettings({ ...ENDPOINT, ...own })?.headers).toEqual({ x: "1" });
});

test.each([
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318", "must be an http or https URL"],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://me:hunter2@otel.example.com", "without a user"],
  ["OTEL_EXPORTER_OTLP_HEADERS", "hunter2", "must be name=value pairs"],
  ["OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%0Ab", "must be name=value pairs"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be http/json"],
  ["OTEL_TRACES_SAMPLER", "sometimes", "must be one of always_on"],
  ["OTEL_TRACES_SAMPLER_ARG", "half", "must be a number from 0 to 1"],
  ["OTEL_TRACES_SAMPLER_ARG", "2", "must be 1 or less"],
])(
  "settings: %s=%s → an error that names it and says what it must be, without quoting it",
  (name, value, words) => {
    const read = () => readTraceSettings({ ...ENDPOINT, [name]: value });
    expect(read).toThrow(TraceSettingsError);
    expect(read).toThrow(name);
    expect(read).toThrow(words);
    expect(read).not.toThrow("hunter2");
  },
);
