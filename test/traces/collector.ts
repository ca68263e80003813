import { createServer, type IncomingHttpHeaders } from "node:http";
import { z } from "zod";

/** A collector of OTLP/HTTP in JSON on loopback, which accepts only what the specification has. */
export type Collector = AsyncDisposable & {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  endpoint: string;
  /** Every span that it has accepted, in the order of its arrival. */
  spans: Span[];
  requests: { path: string; headers: IncomingHttpHeaders; body: string }[];
  /** How the next requests are answered; `hang` never does. 200 if nothing is left. */
  answers: (number | "hang" | { redirectTo: string })[];
};

export type Span = {
  service: string;
  traceId: string;
  spanId: string;
  /** Null for the first of its trace. */
  parent: string | null;
  name: string;
  kind: number;
  /** Nanoseconds since 1970. */
  start: bigint;
  end: bigint;
  attributes: Record<string, string>;
  error: string | null;
};

const nanoseconds = z.string().regex(/^\d{19}$/);
const attributes = z
  .array(
    z.strictObject({
      key: z.string().min(1),
      value: z.union([
        z.strictObject({ stringValue: z.string() }),
        z.strictObject({ intValue: z.string().regex(/^\d+$/) }),
      ]),
    }),
  )
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value }) => [key, "stringValue" in value ? value.stringValue : value.intValue]),
    ),
  );
const span = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status: z.strictObject({ code: z.literal(2), message: z.string() }).optional(),
});
const request = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(
        z.strictObject({ scope: z.strictObject({ name: z.string() }), spans: z.array(span).min(1) }),
      ),
    }),
  ),
});

/** @throws Error if it is no export request */
function spansOf(body: string): Span[] {
  return request.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((one) => ({
        service: resource.attributes["service.name"] ?? "",
        traceId: one.traceId,
        spanId: one.spanId,
        parent: one.parentSpanId ?? null,
        name: one.name,
        kind: one.kind,
        start: BigInt(one.startTimeUnixNano),
        end: BigInt(one.endTimeUnixNano),
        attributes: one.attributes,
        error: one.status?.message ?? null,
      })),
    ),
  );
}

export async function startCollector(): Promise<Collector> {
  const spans: Collector["spans"] = [];
  const requests: Collector["requests"] = [];
  const answers: Collector["answers"] = [];
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const body = Buffer.concat(pieces).toString("utf8");
      requests.push({ path: incoming.url ?? "", headers: incoming.headers, body });
      const answer = answers.shift() ?? 200;
      if (answer === "hang") return;
      const [status, headers] =
        typeof answer === "number" ? [answer, {}] : [307, { location: answer.redirectTo }];
      try {
        const sent = spansOf(body);
        if (status === 200) spans.push(...sent);
        response.writeHead(status, headers).end("{}");
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the collector has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    spans,
    requests,
    answers,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
