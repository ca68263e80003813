/**
 * The record's own value of that name; undefined where it has none, whatever it inherits. Names come from outside, and
 * every object inherits some (`constructor`, `toString`): a test lets nobody index an object by a name in any other way.
 */
export function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
