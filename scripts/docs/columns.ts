import { getTableColumns, getTableName } from "drizzle-orm";
import { assignments } from "../../src/db/tables/assignments.ts";
import { brakes } from "../../src/db/tables/brakes.ts";
import { duties } from "../../src/db/tables/duties.ts";
import { events } from "../../src/db/tables/events.ts";
import { idempotencyKeys } from "../../src/db/tables/idempotencyKeys.ts";
import { machines } from "../../src/db/tables/machines.ts";
import { nodes } from "../../src/db/tables/nodes.ts";
import { operations } from "../../src/db/tables/operations.ts";
import { poolSamples } from "../../src/db/tables/poolSamples.ts";
import { pools } from "../../src/db/tables/pools.ts";
import { recipes } from "../../src/db/tables/recipes.ts";
import { sessions } from "../../src/db/tables/sessions.ts";
import { settings } from "../../src/db/tables/settings.ts";
import { setupLogs } from "../../src/db/tables/setupLogs.ts";
import { tallies } from "../../src/db/tables/tallies.ts";
import { testerPages } from "../../src/db/tables/testerPages.ts";
import { testers } from "../../src/db/tables/testers.ts";
import { tokens } from "../../src/db/tables/tokens.ts";
import { webhookMessages } from "../../src/db/tables/webhookMessages.ts";
import { webhookReceiver } from "../../src/db/tables/webhookReceiver.ts";

/** Characters of a line, as in .oxfmtrc.json. */
const WIDTH = 110;

/** All of them; test/cli/session/unmigrated.db.test.ts holds the list to what the migrations make. */
export const TABLES = [
  assignments,
  brakes,
  duties,
  events,
  idempotencyKeys,
  machines,
  nodes,
  operations,
  poolSamples,
  pools,
  recipes,
  sessions,
  settings,
  setupLogs,
  tallies,
  testerPages,
  testers,
  tokens,
  webhookMessages,
  webhookReceiver,
];

/**
 * src/domain/installation/columns.ts: the columns of src/db/tables as text. The edge compares them with its database, and
 * would load all of drizzle's table builders for their names alone.
 */
export function columnsModule(note: string): string {
  const tables = TABLES.map((table) => ({
    name: getTableName(table),
    columns: Object.values(getTableColumns(table)).map((column) => column.name),
  })).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return [
    `// ${note}\n`,
    "/** The columns that this version has statements for, by table. */",
    "export const COLUMNS = {",
    ...tables.map(({ name, columns }) => member(name, `"${columns.join(" ")}"`)),
    "} as const satisfies Record<string, string>;",
    "",
  ].join("\n");
}

/** As the formatter has it. */
function member(name: string, value: string): string {
  const line = `  ${name}: ${value},`;
  return line.length <= WIDTH ? line : `  ${name}:\n    ${value},`;
}
