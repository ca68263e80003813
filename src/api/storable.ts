/**
 * Why a JSON value cannot be stored as Postgres text, or null where it can: a NUL character, or half of a surrogate
 * pair. Found here, before any statement, so that it is the caller's mistake with a name and not a failed query.
 */
export function unstorable(value: unknown, path: string): string | null {
  if (typeof value === "string") {
    if (value.includes("\0")) return `${path || "input"}: has a NUL character; leave it out`;
    return value.isWellFormed()
      ? null
      : `${path || "input"}: has half a character (a lone surrogate); leave it out`;
  }
  if (Array.isArray(value)) return first(value.map((part, at) => [`${path}[${at}]`, part]));
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value);
  const badName = entries.find(([name]) => unstorable(name, "") !== null);
  if (badName !== undefined) return `${path || "input"}: has a field whose name cannot be stored`;
  return first(entries.map(([name, part]) => [path === "" ? name : `${path}.${name}`, part]));
}

function first(parts: [path: string, value: unknown][]): string | null {
  for (const [path, value] of parts) {
    const problem = unstorable(value, path);
    if (problem !== null) return problem;
  }
  return null;
}
