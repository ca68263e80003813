import { CONDITIONS } from "../../src/contract/conditions.ts";
import { NODE_CONDITIONS } from "../../src/contract/nodeConditions.ts";
import { FAILING_CREATES_PER_HOUR } from "../../src/domain/core/backoff.ts";

/** docs/conditions.md: every condition and every reason it can have. */
export function conditionsDocument(): string {
  return [
    "# Conditions of a pool\n",
    "`pool.get` and `warmpool status` show them, each with its cause and since when; `GET /metrics` as 0 or 1",
    "(`warmpool_pool_condition`); the webhook tells of each change.\n",
    "| condition | reason | what it means | what to do |",
    "|---|---|---|---|",
    ...Object.entries(CONDITIONS).flatMap(([type, reasons]) =>
      Object.entries(reasons).map(
        ([reason, { status, meaning, action }]) =>
          `| ${type}, ${status} | \`${reason}\` | ${meaning} | ${action} |`,
      ),
    ),
    "",
    "## Conditions of a node\n",
    "`node.list` shows them in the same form.\n",
    "| condition | reason | what it means | what to do |",
    "|---|---|---|---|",
    ...Object.entries(NODE_CONDITIONS).flatMap(([type, reasons]) =>
      Object.entries(reasons).map(
        ([reason, { status, meaning, action }]) =>
          `| ${type}, ${status} | \`${reason}\` | ${meaning} | ${action} |`,
      ),
    ),
    "",
    "## Creates that fail\n",
    `While no create succeeds, a pool begins at most ${FAILING_CREATES_PER_HOUR} in an hour beyond the first batch of what it lacked, one at a`,
    "time, and never more machines than `maxSize`. The canaries of a braked node are counted apart: 30 seconds after the",
    "first that failed, then twice as long each time, 10 minutes at most.",
    "",
  ].join("\n");
}
