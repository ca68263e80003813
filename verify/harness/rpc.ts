import { z } from "zod";
import { deadline } from "../../test/helpers/patience.ts";

/** The tRPC interface as plain HTTP, the way a program without the typed client would call it. */
export type Rpc = {
  query<T>(path: string, input: object | undefined, answer: z.ZodType<T>): Promise<T>;
  mutate<T>(path: string, input: object | undefined, answer: z.ZodType<T>): Promise<T>;
};

/** What the other side answered instead; `status` 0 is no answer at all. */
export class RpcError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | null;

  constructor(path: string, status: number, code: string, message: string, retryAfter: string | null) {
    super(`${path} answered ${status} ${code}: ${message}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

const TIMEOUT_SECONDS = 40;
const failure = z.looseObject({
  error: z.looseObject({ message: z.string(), data: z.looseObject({ code: z.string() }) }),
});
const success = z.looseObject({ result: z.looseObject({ data: z.unknown() }) });

/**
 * A connection for each call: workerd closes an idle one after 5 s, and a process that is short of CPU notices only once
 * it has sent its next request there, which ends as ECONNRESET.
 */
const CONNECTION = { connection: "close" };

export function rpc(url: string, token: string): Rpc {
  const headers = { ...CONNECTION, authorization: `Bearer ${token}`, "content-type": "application/json" };
  return {
    query: (path, input, answer) => {
      const search = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
      return call(path, `${url}/trpc/${path}${search}`, { headers }, answer);
    },
    mutate: (path, input, answer) =>
      call(
        path,
        `${url}/trpc/${path}`,
        { headers, method: "POST", ...(input === undefined ? {} : { body: JSON.stringify(input) }) },
        answer,
      ),
  };
}

async function call<T>(path: string, url: string, init: RequestInit, answer: z.ZodType<T>): Promise<T> {
  const signal = deadline(TIMEOUT_SECONDS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, signal });
    text = await response.text();
  } catch (error) {
    throw new RpcError(path, 0, "UNREACHABLE", causeOf(error), null);
  }
  const body = jsonOf(text);
  if (response.ok) return answer.parse(success.parse(body).result.data);
  const told = failure.safeParse(body);
  const retryAfter = response.headers.get("retry-after");
  if (!told.success) throw new RpcError(path, response.status, "UNTOLD", text.slice(0, 200), retryAfter);
  const { message, data } = told.data.error;
  throw new RpcError(path, response.status, data.code, message, retryAfter);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
