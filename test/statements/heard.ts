import { relative } from "node:path";
import { sql } from "drizzle-orm";
import { PgDatabase, PgDialect, type PgQueryResultHKT } from "drizzle-orm/pg-core";
import { type Db, rows } from "../../src/db/client.ts";
import { json } from "../../src/domain/core/event.ts";
import type { DeclaredRows } from "./declared.ts";
import { type ResultColumn, RowShape } from "./fit.ts";

/**
 * Every statement of src that a test of this worker runs is heard here: its text, the place in src that it comes from, and
 * what its rows are. Each file of tests ends with a look at those that were new (test/statements.ts).
 */
type Heard = { place: string; shape: RowShape | null; looks: number };

/** So many results of a statement are compared with its declaration, and so many rows of each. */
const LOOKS = 30;
const ROWS = 20;

/** By text. */
const heard = new Map<string, Heard>();
/** Texts that tests run themselves: to find out where a statement comes from takes longer than to run many. */
const ofTests = new Set<string>();
/** What stands between a statement and its caller, apart from packages. */
const BETWEEN = new Set([
  "src/db/client.ts",
  "test/helpers/between.ts",
  relative(process.cwd(), import.meta.filename),
]);
const FRAMES = 12;
const shapes = new Map<string, RowShape>();
const misfits = new Set<string>();
let unprepared: string[] = [];
let declared: DeclaredRows = {};

/** @param rowTypes the declarations, which the run has read once for all its workers */
export function listen(rowTypes: DeclaredRows): void {
  declared = rowTypes;
}

/**
 * What does not fit of all that was heard since the last call: rows that are not what the code declares, and statements
 * that cannot be prepared.
 * @param tables the database of src/db/tables (tables.ts)
 */
export async function takeMisfits(tables: Db): Promise<string[]> {
  const texts = unprepared;
  unprepared = [];
  const found = [...misfits];
  misfits.clear();
  if (texts.length === 0) return found;
  const unfit = await rows<{ statement: string; reason: string; hint: string }>(
    tables,
    sql`select * from unfit(array(select jsonb_array_elements_text(${json(texts)})))`,
  );
  return [
    ...found,
    ...unfit.map(
      ({ statement, reason, hint }) =>
        `${heard.get(statement)?.place}: ${[reason, hint].filter((part) => part !== "").join(". ")}\n${shown(statement)}`,
    ),
  ];
}

/** The places in src whose statements were heard so far. */
export function placesHeard(): string[] {
  return [...heard.values()].map(({ place }) => place);
}

/**
 * For a test that stores what no row type has, such as a value of an earlier version: misfits with this text are none.
 * Call it after the statements that read it.
 */
export function expectMisfits(text: RegExp): void {
  for (const misfit of misfits) if (text.test(misfit)) misfits.delete(misfit);
}

type Database = PgDatabase<PgQueryResultHKT>;

// Whatever runs a statement (a connection, a transaction, a statement with a name) makes its text here.
const toQuery = Reflect.get(PgDialect.prototype, "sqlToQuery");
PgDialect.prototype.sqlToQuery = function (this: PgDialect, ...statement) {
  const query = toQuery.apply(this, statement);
  if (!heard.has(query.sql) && !ofTests.has(query.sql)) hear(query.sql);
  return query;
};

const execute = Reflect.get(PgDatabase.prototype, "execute");
Reflect.set(
  PgDatabase.prototype,
  "execute",
  function (this: Database, ...statement: Parameters<typeof execute>) {
    const raw = execute.apply(this, statement);
    const known = heard.get(raw.getQuery().sql);
    if (known === undefined || known.shape === null || known.looks >= LOOKS) return raw;
    known.looks += 1;
    const run = raw.execute;
    return Object.assign(raw, {
      execute: async () => {
        const found = await run();
        compare(known, found as Result);
        return found;
      },
    });
  },
);

type Result = readonly unknown[] & { columns: readonly ResultColumn[] };

function compare({ place, shape }: Heard, found: Result): void {
  for (const misfit of shape?.misfits(found.columns, found.slice(0, ROWS)) ?? [])
    misfits.add(`${place}: ${misfit}`);
}

function hear(text: string): void {
  const place = placeOf(stackNow());
  if (place === null) {
    ofTests.add(text);
    return;
  }
  heard.set(text, { place, shape: shapeOf(place), looks: 0 });
  unprepared.push(text);
}

function stackNow(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack } = new Error();
  Error.stackTraceLimit = before;
  return stack ?? "";
}

/** Where in src a statement is run, such as `src/domain/core/moves.ts:63`; null if that is in a test, or a migration. */
function placeOf(stack: string): string | null {
  for (const line of stack.split("\n").slice(1)) {
    const [, file, at] = /(\/[^()\s]+\.ts):(\d+):\d+\)?$/.exec(line) ?? [];
    const name = file === undefined ? "" : relative(process.cwd(), file);
    if (name === "" || name.includes("node_modules/") || BETWEEN.has(name)) continue;
    return /^src\/(?!db\/)/.test(name) ? `${name}:${at}` : null;
  }
  return null;
}

function shapeOf(place: string): RowShape | null {
  const row = declared[place];
  if (row === undefined) return null;
  const shape = shapes.get(place) ?? new RowShape(row);
  shapes.set(place, shape);
  return shape;
}

/** The statement, or the beginning of a long one. */
function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return `    ${line.length > 160 ? `${line.slice(0, 160)}…` : line}`;
}
