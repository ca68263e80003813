/** The names of a closed set that is written as a table, in its order, as `z.enum` takes them. */
export function keysOf<Name extends string>(table: Record<Name, unknown>): [Name, ...Name[]] {
  return Object.keys(table) as [Name, ...Name[]];
}
