import { build, type Metafile } from "esbuild";
import { expect, test } from "vitest";
import { tracesOf } from "../../src/host/traces.ts";

/** That nobody loads what records traces who does not want them. */
async function graphOf(entry: string): Promise<Metafile["inputs"]> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    outdir: "out",
    format: "esm",
    platform: "node",
    packages: "external",
    external: ["cloudflare:*"],
    logLevel: "silent",
  });
  return metafile.inputs;
}

/** The files of src/traces that are loaded with the entry; with `lazily` those that it may load later too. */
function tracesIn(inputs: Metafile["inputs"], entry: string, lazily: boolean): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    for (const { path, kind } of inputs[file]?.imports ?? [])
      if (lazily || kind !== "dynamic-import") found.add(path);
  }
  return [...found].filter((file) => file.startsWith("src/traces/"));
}

test.each(["src/server.ts", "src/relay/main.ts"])(
  "loading: %s → nothing of src/traces with it, all of it on demand",
  async (entry) => {
    const inputs = await graphOf(entry);
    expect(tracesIn(inputs, entry, false)).toEqual([]);
    expect(tracesIn(inputs, entry, true)).toContain("src/traces/exporter.ts");
  },
);

test("loading: the Worker → nothing of src/traces, also not on demand", async () => {
  const entry = "src/worker.ts";
  const inputs = await graphOf(entry);
  expect(Object.keys(inputs)).toContain("src/api/traceparent.ts");
  expect(tracesIn(inputs, entry, true)).toEqual([]);
});

test("traces: no endpoint, OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none → none; else those of the environment", async () => {
  const options = { service: "test", resource: {}, onDropped: () => undefined };
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  const off = [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { ...on, OTEL_SDK_DISABLED: "true" },
    { ...on, OTEL_TRACES_EXPORTER: "none" },
  ];
  for (const env of off) expect(await tracesOf(env, options)).toBeNull();
  expect(await tracesOf(on, options)).not.toBeNull();
  const wrong = { ...on, OTEL_TRACES_SAMPLER: "sometimes" };
  await expect(tracesOf(wrong, options)).rejects.toThrow("OTEL_TRACES_SAMPLER must be one of");
});
