import { type Context, newSpanId } from "./context.ts";
import type { Sampler } from "./sampler.ts";
import { type Ended, type Kind, type Moment, OpenSpan, thisMoment, type Attributes } from "./span.ts";

type Begin = {
  name: string;
  kind: Kind;
  /** The span that it continues; null begins the trace of this id. */
  parent: Context | null;
  traceId: string;
  attributes: Attributes;
  /** If it began before this call. */
  at?: Moment;
};

/** Begins a span that is the first of its trace, or the first in this process. */
export type Tracer = (begin: Begin) => OpenSpan;

export function tracer(sampler: Sampler, record: (span: Ended) => void): Tracer {
  return ({ name, kind, parent, traceId, attributes, at = thisMoment() }) => {
    const id = parent?.traceId ?? traceId;
    const context = { traceId: id, spanId: newSpanId(), sampled: sampler(parent, id) };
    const about = { name, kind, attributes, context, parent: parent?.spanId ?? null };
    return new OpenSpan({ ...about, anchor: at, startMs: at.wallMs }, record);
  };
}
