import type { z } from "zod";
import { DriverError } from "../../src/relay/driver.ts";
import { oneLine } from "../../src/relay/text.ts";
import { wrongAnswer } from "../../src/relay/wrongAnswer.ts";

/** How the examples call an API: bounded in time and size, and every answer is parsed. */
export type Call<T> = {
  /** Names the call in errors. */
  doing: string;
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: object;
  /** What the body of status 200 must be. */
  schema: z.ZodType<T>;
  /** The reason of an answer that refuses the call; null for any other. */
  refusal: (status: number, body: unknown) => string | null;
  seconds: number;
};

const MOST_BYTES = 16 * 2 ** 20;
const SHOWN = 500;

/** The API has understood the call and does not do it. `said` is its reason. */
export class Refusal extends DriverError {
  constructor(doing: string, said: string) {
    const words = oneLine(said, SHOWN);
    super("failed", `${doing}: ${words}`, { said: words });
    this.name = "Refusal";
  }
}

/** @throws Refusal; DriverError `retry` if there is no answer, or one that is not what `schema` says */
export async function send<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
  const { doing, url, method = "POST", headers = {}, body, schema, refusal, seconds } = call;
  const timeout = AbortSignal.timeout(seconds * 1000);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.any([signal, timeout]),
    });
    status = response.status;
    text = await bounded(response);
  } catch (cause) {
    signal.throwIfAborted();
    const why = timeout.aborted ? `it did not answer within ${seconds} s` : reasonOf(cause);
    throw new DriverError("retry", `${doing}: ${url} could not be asked, ${why}`, { cause });
  }
  const json = parsed(text);
  const said = refusal(status, json);
  if (said !== null) throw new Refusal(doing, said);
  if (status !== 200)
    throw new DriverError(
      "retry",
      `${doing}: ${url} answered with status ${status}: ${oneLine(text, SHOWN)}`,
    );
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const why = wrongAnswer(result.error, "the answer");
  throw new DriverError("retry", `${doing}: the answer is not what its API documents, ${why}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function bounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What fetch says is "fetch failed": the reason is the cause of it. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
