import { fileURLToPath } from "node:url";
import { lineOf } from "./walls/breach.ts";
import { breachesOf } from "./walls/check.ts";
import { TABLE } from "./walls/table.ts";
import { readDevelopment, readCode } from "./walls/code.ts";

/** Fails if a file imports what the table of walls does not allow, or if the table allows more than is needed. */
const root = fileURLToPath(new URL("..", import.meta.url));
const tree = readCode(root);
const breaches = breachesOf(tree, TABLE, readDevelopment(root));
for (const breach of breaches) console.error(lineOf(breach));
if (breaches.length > 0) {
  console.error(
    `${breaches.length} breaches of the table in scripts/walls (table.ts says where). If an import is right and the ` +
      "architecture changes with it, change ARCHITECTURE.md and then the table.",
  );
  process.exitCode = 1;
} else console.log(`${tree.size} files import only what scripts/walls/table.ts allows`);
