import { traceparent } from "../contract/traceparent.ts";

/** The trace that a request belongs to; undefined if it names none, or not in the standard's form. */
export function traceparentOf(request: Request): string | undefined {
  return traceparent.safeParse(request.headers.get("traceparent")).data;
}
