import { fieldName, problemsOf } from "../contract/issues.ts";

/**
 * The first thing that is wrong with an answer from outside, in our words: `ssh.port: must be at most 65535`.
 * @param whole what to call the answer itself
 */
export function wrongAnswer({ issues }: { readonly issues: readonly object[] }, whole: string): string {
  const [problem] = problemsOf(issues);
  return `${fieldName(problem?.path ?? []) || whole}: ${problem?.words ?? "has an unknown form"}`;
}
