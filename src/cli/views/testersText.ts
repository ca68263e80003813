import type { Assignment } from "../../contract/assignment.ts";
import { headline } from "./assignmentView.ts";
import { trimDot } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";

/** Testers who do not have what they asked for, in sentences. Pure. */

/** So many are named one by one. */
const NAMED = 5;

type Words = (...words: string[]) => string;

/** A sentence for each tester whose set-up failed: which step, why, and how to look and try again. */
export function failedSentences(testers: readonly Assignment[], command: Words, now: number): string[] {
  const failed = testers.filter(({ state }) => state === "failed");
  const each = failed.slice(0, NAMED).map((tester) => {
    const said = trimDot(headline(tester, now));
    const where = [tester.username, "--pool", tester.pool];
    return `${said} (pool ${tester.pool}). See \`${command("log", ...where)}\`, then \`${command("retry", ...where)}\`.`;
  });
  const more = failed.length - each.length;
  return more <= 0
    ? each
    : [...each, `${more} more set-ups failed: \`${command("tester", "list", "--state", "failed")}\`.`];
}

/** For each pool how many wait, and who has waited longest. */
export function waitingSentences(testers: readonly Assignment[], command: Words, now: number): string[] {
  const waiting = testers.filter(({ state }) => state === "waiting");
  return [...Map.groupBy(waiting, ({ pool }) => pool)].map(([pool, line]) => {
    const first = line.toSorted((one, other) => one.createdAt.localeCompare(other.createdAt))[0];
    const longest =
      first === undefined ? "" : `, ${first.username} the longest: asked ${ago(first.createdAt, now)}`;
    const count = line.length === 1 ? "1 tester waits" : `${line.length} testers wait`;
    return `${pool}: ${count} for a machine${longest}. See who: \`${command("tester", "list", "--state", "waiting", "--pool", pool)}\`.`;
  });
}
