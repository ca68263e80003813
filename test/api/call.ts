import { expect } from "vitest";
import { procedures } from "../../src/api/procedures.ts";
import { deadline } from "../helpers/patience.ts";

/** A call as any HTTP client would make it, past the typed client: for what the types would not let through. */
export type Answer = {
  status: number;
  code: string;
  message: string;
  text: string;
  retryAfter: string | null;
};

const known = new Map<string, ReturnType<typeof procedures>[number]>(
  procedures().map((one) => [one.path, one]),
);

/**
 * Calls a procedure with `input` as its JSON, or with the very text where it is one. A refusal of a known procedure
 * has to carry one of the codes it is declared with.
 */
export async function call(
  url: string,
  token: string | null,
  procedure: string,
  input: unknown,
): Promise<Answer> {
  const info = known.get(procedure);
  const body = typeof input === "string" ? input : JSON.stringify(input);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== null) headers["authorization"] = `Bearer ${token}`;
  const address = `${url}/trpc/${procedure}`;
  const signal = deadline(30);
  const response =
    info === undefined || info.type === "mutation"
      ? await fetch(address, { method: "POST", headers, signal, ...(body === undefined ? {} : { body }) })
      : await fetch(body === undefined ? address : `${address}?input=${encodeURIComponent(body)}`, {
          headers,
          signal,
        });
  const text = await response.text();
  const parsed = parseError(text);
  const code = parsed?.data.code ?? "";
  if (info !== undefined && code !== "") expect(info.codes, `${procedure} answered ${text}`).toContain(code);
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  return {
    // A stream has begun with 200 before it is refused in its first event.
    status: isStream ? (parsed?.data.httpStatus ?? response.status) : response.status,
    code,
    message: parsed?.message ?? "",
    text,
    retryAfter: response.headers.get("retry-after"),
  };
}

type ErrorBody = { message: string; data: { code: string; httpStatus: number } };

/** The error of an answer, or of the first event of a stream that ends with one. */
function parseError(text: string): ErrorBody | undefined {
  const event = /^event: serialized-error\ndata: (.*)$/m.exec(text)?.[1];
  if (event !== undefined) return JSON.parse(event) as ErrorBody;
  return text.startsWith("{") ? (JSON.parse(text) as { error?: ErrorBody }).error : undefined;
}
