import { brokenPromises } from "./apart.ts";
import { type Breach, placed } from "./breach.ts";
import { circles } from "./circles.ts";
import { crossings } from "./crossings.ts";
import { gaps } from "./gaps.ts";
import { type FileImports, importsOf } from "./imports.ts";
import type { Table } from "./room.ts";
import type { Code } from "./code.ts";

/**
 * Holds every import of the tree against the table, and the table against the tree and against its own promises.
 * @param development names of the packages that only development has (`devDependencies`)
 */
export function breachesOf(tree: Code, table: Table, development: ReadonlySet<string>): Breach[] {
  const files: FileImports[] = [];
  const unread: Breach[] = [];
  for (const [file, source] of tree) {
    try {
      files.push({ file, imports: importsOf(file, source) });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      unread.push({
        file,
        line: 1,
        rule: "syntax",
        text: `The file does not parse, so its imports are unknown: ${why}. Correct it.`,
      });
    }
  }
  const ofTable = [...gaps(files, table), ...brokenPromises(table), ...circles(table)];
  return [
    ...unread,
    ...crossings(files, table, development),
    ...ofTable.map((breach) => placed(breach, tree)),
  ];
}
