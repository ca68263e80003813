import * as z from "zod";

/**
 * The header `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00: a trace, the span that
 * comes before, and whether the trace is recorded. Anything else is treated as if it were not there, as the standard wants it.
 */
export const traceparent = z.string().regex(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/);
