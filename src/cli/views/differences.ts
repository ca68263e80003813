import { own } from "../../contract/own.ts";

/** What differs between two values, member by member, for a plan that a person reads. Pure. */

/** `before` or `after` is undefined if there is none. */
export type Difference = { path: string; before?: unknown; after?: unknown };

export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return names.flatMap((name) =>
      differences(own(before, name), own(after, name), path === "" ? name : `${path}.${name}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(before, after, path);
  return [{ path, before, after }];
}

function listDifferences(before: unknown[], after: unknown[], path: string): Difference[] {
  const named = [byId(before), byId(after)] as const;
  const [was, is] = named;
  if (was !== null && is !== null) {
    const order = [Object.keys(was), Object.keys(is)] as const;
    const inner = differences(was, is, path);
    return inner.length > 0 ? inner : [{ path: `${path}, order`, before: order[0], after: order[1] }];
  }
  if ([...before, ...after].some((item) => typeof item === "object")) return [{ path, before, after }];
  const gone = before.filter((item) => !after.includes(item)).map((item) => ({ path, before: item }));
  const come = after.filter((item) => !before.includes(item)).map((item) => ({ path, after: item }));
  return gone.length + come.length > 0 ? [...gone, ...come] : [{ path, before, after }];
}

/** A list of objects that each have an id, as a map; null if it is another list. */
function byId(list: unknown[]): Record<string, unknown> | null {
  const entries = list.flatMap((item) =>
    isObject(item) && typeof item["id"] === "string" ? [[item["id"], item] as const] : [],
  );
  return entries.length === list.length && list.length > 0 ? Object.fromEntries(entries) : null;
}

/** The database keeps the members of an object in another order, and leaves out what is not there. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
