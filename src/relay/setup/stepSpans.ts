import { type Span, UNTRACED } from "../span.ts";

/**
 * The spans of a set-up's steps, one after the other. Their times are when this relay read of them in the log, about half a
 * second late: the clock of the machine is its tester's. A step gets one span, however often the log says that it starts.
 */
export class StepSpans {
  readonly #span: Span;
  readonly #steps: readonly { id: string }[];
  readonly #seen = new Set<number>();
  #current: Span = UNTRACED;

  constructor(span: Span, steps: readonly { id: string }[]) {
    this.#span = span;
    this.#steps = steps;
  }

  /** The log is at this step, from 1; 0 before the first. */
  readonly at = (step: number): void => {
    this.end();
    const id = this.#steps[step - 1]?.id;
    if (id === undefined || this.#seen.has(step)) return;
    this.#seen.add(step);
    this.#current = this.#span.child(`step ${id}`, { "warmpool.step": step });
  };

  /** The last one is over. @param error why it failed */
  end(error?: string): void {
    this.#current.end(error);
    this.#current = UNTRACED;
  }
}
