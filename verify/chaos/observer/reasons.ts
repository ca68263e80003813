import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Sql } from "postgres";

/** The reasons that docs/codes.md explains, as an operator would look one up. */
export function explainedReasons(): Set<string> {
  const text = readFileSync(fileURLToPath(new URL("../../../docs/codes.md", import.meta.url)), "utf8");
  const [, table = ""] = text.split("\n## Reasons\n");
  return new Set([...table.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, reason = ""]) => reason));
}

/** What has happened for a reason that is in no document, a line each. */
export async function unexplained(sql: Sql, explained: ReadonlySet<string>): Promise<string[]> {
  const given = await sql<{ reason: string; kind: string }[]>`select distinct reason, kind from events`;
  return given
    .filter(({ reason }) => !explained.has(reason))
    .map(({ reason, kind }) => `${kind}: "${reason}"`);
}
