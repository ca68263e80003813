import { type Context, newSpanId } from "./context.ts";

export type Attributes = Record<string, string | number>;

/** The numbers that OTLP has for the kinds of spans. */
export const KIND = { internal: 1, server: 2, consumer: 5 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** A span that has ended. Times are milliseconds since 1970. */
export type Ended = {
  context: Context;
  parent: string | null;
  name: string;
  kind: Kind;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  error: string | null;
};

/** The same moment on both clocks. Durations are measured by the one that nobody sets. */
export type Moment = { wallMs: number; now: number };

export function thisMoment(): Moment {
  return { wallMs: Date.now(), now: performance.now() };
}

type About = Pick<Ended, "context" | "parent" | "name" | "kind" | "attributes"> & {
  /** When the first span of this process in the trace began: its parts count from there, so that their order holds. */
  anchor: Moment;
  startMs: number;
};

/** A span that has not ended. One of a trace that is not recorded goes nowhere. */
export class OpenSpan {
  readonly #about: About;
  readonly #record: (span: Ended) => void;
  #hasEnded = false;

  constructor(about: About, record: (span: Ended) => void) {
    this.#about = about;
    this.#record = record;
  }

  get context(): Context {
    return this.#about.context;
  }

  child(name: string, attributes: Attributes = {}): OpenSpan {
    const { context, anchor } = this.#about;
    const own = { ...context, spanId: newSpanId() };
    const about = { name, kind: KIND.internal, attributes, anchor, startMs: this.#nowMs() };
    return new OpenSpan({ ...about, context: own, parent: context.spanId }, this.#record);
  }

  /** Only the first end counts. @param error why it failed, in a word */
  end(error: string | null = null, attributes: Attributes = {}): void {
    const { anchor: _, ...about } = this.#about;
    if (this.#hasEnded || !about.context.sampled) return;
    this.#hasEnded = true;
    const all = { ...about.attributes, ...attributes };
    this.#record({ ...about, attributes: all, endMs: this.#nowMs(), error });
  }

  #nowMs(): number {
    const { wallMs, now } = this.#about.anchor;
    return wallMs + (performance.now() - now);
  }
}
