import type { z } from "zod";
import { DriverError } from "../../../src/relay/driver.ts";
import { oneLine } from "../../../src/relay/text.ts";
import { wrongAnswer } from "../../../src/relay/wrongAnswer.ts";
import { refused } from "./answers.ts";

/** Everything that is read from the grid comes through here: bounded in time and size, and parsed. */
export type Bounds = { signal: AbortSignal; seconds: number };

const MOST_BYTES = 16 * 2 ** 20;
const SHOWN = 500;

/** The grid has understood the call and does not do it. `said` is its reason. */
export class Refusal extends Error {
  readonly said: string;
  constructor(doing: string, said: string) {
    super(`${doing}: ${said}`);
    this.name = "Refusal";
    this.said = said;
  }
}

/**
 * @param doing names the call in errors
 * @throws Refusal; DriverError `retry` if there is no answer, or one that is not what `schema` says
 */
export async function post<T>(
  doing: string,
  url: string,
  body: object,
  schema: z.ZodType<T>,
  { signal, seconds }: Bounds,
): Promise<T> {
  const timeout = AbortSignal.timeout(seconds * 1000);
  const both = AbortSignal.any([signal, timeout]);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: both,
    });
    status = response.status;
    text = await bounded(response);
  } catch (cause) {
    signal.throwIfAborted();
    const why = timeout.aborted ? `it did not answer within ${seconds} s` : reasonOf(cause);
    throw new DriverError("retry", `${doing}: the grid's server at ${url} could not be asked, ${why}`, {
      cause,
    });
  }
  if (status === 200) return parsed(doing, text, schema);
  const said = refused.safeParse(json(text)).data?.error;
  if (status === 400 && said !== undefined) throw new Refusal(doing, oneLine(said, SHOWN));
  throw new DriverError("retry", `${doing}: ${url} answered with status ${status}: ${oneLine(text, SHOWN)}`);
}

function parsed<T>(doing: string, text: string, schema: z.ZodType<T>): T {
  const result = schema.safeParse(json(text));
  if (result.success) return result.data;
  throw new DriverError(
    "retry",
    `${doing}: the answer is not what the grid documents, ${wrongAnswer(result.error, "the answer")}`,
  );
}

function json(text: string): unknown {
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
