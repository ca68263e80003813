import { deadline } from "../../test/helpers/patience.ts";

/** One HTTP request, whole, so that it can be printed and sent again. */
export type FuzzRequest = {
  method: string;
  /** Path and query, as they go over the wire. */
  target: string;
  headers: Record<string, string>;
  body?: string;
};

/** Far above what any call takes here, far below what a person would wait. */
const ANSWER_SECONDS = 15;

/** What nobody outside should ever read: the inside's languages, places and secrets. */
const INSIDE: readonly RegExp[] = [
  /\b(?:select|insert into|delete from|update)\b[^"]{0,200}\b(?:from|values|where|set|returning)\b/i,
  /\n\s+at |\bat \S+ \(?[^)\s"]*:\d+:\d+/,
  /node_modules|\/src\/|file:\/\//,
  /postgres(?:ql)?:\/\//,
  /PostgresError|Failed query|drizzle|ECONNREFUSED/i,
  /\b[0-9a-f]{64}\b/,
];

/** Why the answer is a failure, or null where it is a good one. */
export async function complaintAbout(url: string, request: FuzzRequest): Promise<string | null> {
  const { method, target, headers, body } = request;
  const signal = deadline(ANSWER_SECONDS);
  try {
    const response = await fetch(url + target, {
      method,
      headers,
      redirect: "manual",
      signal,
      ...(body === undefined ? {} : { body }),
    });
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
      await response.body?.cancel();
      return null;
    }
    return judge(request, response, await response.text());
  } catch (error) {
    if (signal.aborted) return `no answer within ${ANSWER_SECONDS} s`;
    return `no answer: ${String(error instanceof Error ? (error.cause ?? error) : error)}`;
  }
}

function judge(request: FuzzRequest, response: Response, text: string): string | null {
  const { status } = response;
  const said = `${status} ${text.slice(0, 500)}`;
  const isBusy = status === 503 && response.headers.has("retry-after");
  if (status >= 500 && !isBusy) return said;
  const sent = JSON.stringify(request);
  for (const pattern of INSIDE) {
    const shown = pattern.exec(text)?.[0];
    // What the caller has sent may stand in the answer.
    if (shown !== undefined && !sent.includes(JSON.stringify(shown).slice(1, -1)))
      return `shows ${shown}: ${said}`;
  }
  return null;
}
