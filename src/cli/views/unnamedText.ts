import { unnamedPool } from "../../contract/unnamedPool.ts";
import type { PoolView } from "../../contract/pool.ts";
import type { Command } from "../terminal/said.ts";

type Pools = readonly Pick<PoolView, "name" | "isDefault">[];

/** Which pool calls use that name none, and which one they used before. Pure. */
export function unnamedText(before: Pools, after: Pools, command: Command): string[] {
  const [from, to] = [unnamedPool(before), unnamedPool(after)];
  if (to === null) return [`Calls that name no pool are now refused; before, they used ${from ?? "none"}.`];
  if (from === to) return [`Calls that name no pool use ${to}, as before.`];
  if (from === null) return [`Calls that name no pool now use ${to}; before, they were refused.`];
  const changed = `Calls that name no pool now use ${to} instead of ${from}.`;
  if (!after.some(({ name }) => name === from)) return [changed];
  return [
    `${changed} This applies to your app and to every verb without --pool.`,
    `Testers of ${from} keep their machines; such calls find them only if they name the pool: \`${command("tester", "USER", "--pool", from)}\``,
    `To undo this: \`${command("pool", "default", from)}\``,
  ];
}

/** What would become of such calls, if it is something else than now; null if it is not. Pure. */
export function unnamedShift(before: Pools, after: Pools): string | null {
  const [from, to] = [unnamedPool(before), unnamedPool(after)];
  if (from === to) return null;
  return to === null
    ? "Calls that name no pool would be refused."
    : `Calls that name no pool would use ${to}.`;
}
