import { CONDITIONS } from "../../src/contract/conditions.ts";
import { NODE_CONDITIONS } from "../../src/contract/nodeConditions.ts";
import { FAILING_CREATES_PER_HOUR } from "../../src/domain/core/backoff.ts";

/** docs/conditions.md: every condition and every reason it can have. */
export function conditionsDocument(): string {
  return [
    "# Conditions of a pool\n",
    "`pool.get` and `warmpool status` show conditions, each with its cause and since when; `GET /metrics` has them as 0 or 1",
    "(`warmpool_pool_condition`); the webhook reports each change.\n",
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
    "`node.list` shows them in the same format.\n",
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
    `While no create succeeds, a pool starts at most ${FAILING_CREATES_PER_HOUR} creates per hour after the first batch, one at a`,
    "time, and never exceeds `maxSize`. The canaries of a braked node are counted separately: the next one is created 30 seconds after the",
    "first failure, then after twice the time, up to 10 minutes.",
    "",
  ].join("\n");
}
