import type { ConditionType } from "./conditionTypes.ts";

/**
 * Whether there is something to tell: `Degraded` is amiss where it is true, every other one where it is false. Apart from
 * the texts of the conditions, which a page in a browser reads later.
 */
export function isAmiss({ type, status }: { type: ConditionType; status: boolean }): boolean {
  return status === (type === "Degraded");
}
