/** What is asked of the pools that are not removed. */
type Standing = { name: string; isDefault: boolean };

/**
 * The pool that calls use if they name none: the only one, the one that an admin made the default, or the one called
 * `default`. Null if such calls are refused.
 */
export function unnamedPool(pools: readonly Standing[]): string | null {
  const [first, ...others] = pools;
  if (first !== undefined && others.length === 0) return first.name;
  const meant = pools.find(({ isDefault }) => isDefault) ?? pools.find(({ name }) => name === "default");
  return meant?.name ?? null;
}
