import { DriverError } from "../driver.ts";
import { wordsOf } from "../errors.ts";
import type { Rule } from "./rules.ts";

/** A driver broke the contract: `did` is the sentence that says how. */
export class Violation extends Error {
  readonly did: string;
  readonly rule: Rule;
  constructor(did: string, rule: Rule, options?: ErrorOptions) {
    super(`${did} ${rule.must} (docs/drivers.md, "${rule.section}")`, options);
    this.name = "Violation";
    this.did = did;
    this.rule = rule;
  }
}

/** @throws Violation where `holds` is not true */
export function demand(holds: boolean, did: string, rule: Rule): asserts holds {
  if (!holds) throw new Violation(did, rule);
}

/**
 * A call that the contract says must end well.
 * @param doing begins the sentence of a failure, as "The second delete of wp-1"
 * @throws Violation where it does not
 */
export async function well<T>(doing: string, rule: Rule, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof Violation) throw cause;
    throw new Violation(`${doing} failed: ${sentence(wordsOf(cause))}`, rule, { cause });
  }
}

/** A call that the contract says must be refused in a certain way. */
export async function refused(
  doing: string,
  code: DriverError["code"],
  rule: Rule,
  call: Promise<unknown>,
): Promise<void> {
  let error: unknown;
  try {
    await call;
  } catch (thrown) {
    error = thrown;
  }
  demand(error !== undefined, `${doing} succeeded.`, rule);
  if (error instanceof DriverError && error.code === code) return;
  throw new Violation(`${doing} was refused with the wrong error: ${sentence(wordsOf(error))}`, rule, {
    cause: error,
  });
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
