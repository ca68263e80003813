import type { Subject } from "./subject.ts";

/**
 * One case of the conformance suite: plain code that needs no test runner. It begins with no machine of its
 * installation and may leave what it made: whoever runs it deletes that.
 */
export type Case = {
  /** How it is chosen: `driver check --case ID`. */
  id: string;
  title: string;
  /** What a relay relies on here. */
  proves: string;
  /** @returns something worth telling although it passed. @throws Violation where the driver breaks the contract */
  run(subject: Subject): Promise<string | void>;
};
