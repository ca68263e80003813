import { FOLLOWER_FAILED } from "../../src/domain/follow/follow.ts";

/**
 * A follower's failure is logged and never the caller's (src/domain/follow/follow.ts), so a test would not see it:
 * test/followers.ts lets every test fail that has caused one and did not take it.
 */
const failures: string[] = [];
const log = console.log.bind(console);
console.log = (...said: unknown[]) => {
  for (const text of said)
    if (typeof text === "string" && text.includes(FOLLOWER_FAILED)) failures.push(text);
  log(...said);
};

/** What was logged of them since the last call. */
export function takeFailures(): string[] {
  return failures.splice(0);
}
