import type { Context } from "./context.ts";

/** Whether a trace is recorded; `parent` is null where it begins. */
export type Sampler = (parent: Context | null, traceId: string) => boolean;

/** The samplers that OTEL_TRACES_SAMPLER can name, made from OTEL_TRACES_SAMPLER_ARG, a share from 0 to 1. */
export const SAMPLERS = {
  always_on: () => () => true,
  always_off: () => () => false,
  traceidratio: (share) => (_, traceId) => isIn(share, traceId),
  parentbased_always_on: () => (parent) => parent?.sampled ?? true,
  parentbased_always_off: () => (parent) => parent?.sampled ?? false,
  parentbased_traceidratio: (share) => (parent, traceId) => parent?.sampled ?? isIn(share, traceId),
} as const satisfies Record<string, (share: number) => Sampler>;

/**
 * The last 56 bits of a trace's id are random, also those of a UUID, so all who see the trace decide the same. A double
 * holds the first 52 of them.
 */
const RANDOM = { from: -14, to: -1 };
const RANDOM_DIGITS = RANDOM.to - RANDOM.from;

function isIn(share: number, traceId: string): boolean {
  return Number.parseInt(traceId.slice(RANDOM.from, RANDOM.to), 16) >= (1 - share) * 16 ** RANDOM_DIGITS;
}
