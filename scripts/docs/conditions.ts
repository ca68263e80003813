import { CONDITIONS } from "../../src/contract/conditions.ts";

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
  ].join("\n");
}
