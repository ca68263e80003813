/** No valid input is nested this deep; deeper ones would only cost stack and time. */
const MAX_DEPTH = 64;

/**
 * Why a JSON value cannot be stored as Postgres text, or null if it can: a NUL character, a lone surrogate,
 * or endless nesting. It is checked before any statement, so that it is a named error of the caller and not a
 * failed query.
 */
export function unstorable(value: unknown, path: string, depth = 0): string | null {
  if (typeof value === "string") {
    if (value.includes("\0")) return `${path || "input"}: contains a NUL character; remove it`;
    return value.isWellFormed()
      ? null
      : `${path || "input"}: contains half a character (a lone surrogate); remove it`;
  }
  if (typeof value !== "object" || value === null) return null;
  if (depth >= MAX_DEPTH) return `input: is nested deeper than ${MAX_DEPTH}`;
  if (Array.isArray(value))
    return first(
      value.map((part, at) => [`${path}[${at}]`, part]),
      depth,
    );
  const entries = Object.entries(value);
  const badName = entries.find(([name]) => unstorable(name, "") !== null);
  if (badName !== undefined) return `${path || "input"}: has a field whose name cannot be stored`;
  return first(
    entries.map(([name, part]) => [path === "" ? name : `${path}.${name}`, part]),
    depth,
  );
}

function first(parts: [path: string, value: unknown][], depth: number): string | null {
  for (const [path, value] of parts) {
    const problem = unstorable(value, path, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}
