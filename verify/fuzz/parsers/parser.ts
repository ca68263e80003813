import * as fc from "fast-check";

/** A parser of what comes from elsewhere, with inputs for it and what must hold of each: one class of the fuzz run. */
export type Parser = {
  name: string;
  /** Inputs in one round; more for what is cheap. */
  tries: number;
  property: fc.IRawProperty<unknown>;
};

/** No input of ours is longer than 300 KB: what is linear is done with each in a tenth of that. */
const MOST_CPU_SECONDS = 3;

/** @param holds throws, or gives false, for an input with which something is wrong */
export function parser<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => unknown,
  tries = 150,
): Parser {
  const property = fc.property(inputs, (input) => {
    const before = process.cpuUsage();
    const outcome = holds(input);
    const { user, system } = process.cpuUsage(before);
    if (user + system > MOST_CPU_SECONDS * 1e6) throw new Error(`took ${(user + system) / 1e6} s of CPU`);
    return outcome !== false;
  });
  return { name, tries, property };
}

/** The same for what has to be waited for: it has no time of its own to be judged by. */
export function waiting<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => Promise<unknown>,
  tries = 10,
): Parser {
  const property = fc.asyncProperty(inputs, async (input) => (await holds(input)) !== false);
  return { name, tries, property };
}

/**
 * What `parse` gives, or null where it refuses the input in the way that its caller counts on.
 * @throws whatever else it threw
 */
export function orRefused<T>(parse: () => T, isRefusal: (error: Error) => boolean): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error && isRefusal(error)) return null;
    throw error;
  }
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
