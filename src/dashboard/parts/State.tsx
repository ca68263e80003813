import { type AnyState, letterOf, wordOf } from "../text/states.ts";

/** A state as a letter in a square and its word. */
export function State({ state, more }: { state: AnyState; more?: string | null }) {
  return (
    <span className="state">
      <Letter state={state} />
      <span>
        {wordOf(state)}
        {more === undefined || more === null ? null : <span className="quiet"> {more}</span>}
      </span>
    </span>
  );
}

export function Letter({ state }: { state: AnyState }) {
  return (
    <span className={`letter s-${state}`} aria-hidden="true">
      {letterOf(state)}
    </span>
  );
}
