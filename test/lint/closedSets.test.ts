import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ASSIGNMENT_ERRORS, SETUP_FAILURES } from "../../src/contract/assignmentErrors.ts";
import { EVENT_KINDS } from "../../src/contract/event.ts";
import { OPERATION_KINDS, OPERATION_STATES } from "../../src/contract/operation.ts";

/**
 * The closed sets of words that callers meet: each word is made somewhere, and SQL, which no compiler reads, makes no
 * other. What TypeScript makes is also held to the sets by its types.
 */
const EDGE = ["src/domain", "src/cron", "src/api"].flatMap(sources);
const RELAY = sources("src/relay");

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"));
}

/** Every word that the pattern's group finds in the texts. */
function found(texts: readonly string[], pattern: RegExp): Set<string> {
  return new Set(texts.flatMap((text) => [...text.matchAll(pattern)].flatMap(([, word]) => word ?? [])));
}

const sorted = (words: Iterable<string>) => [...new Set(words)].toSorted();

test("every error code of an assignment is made somewhere, and no other is", () => {
  const inSql = found(EDGE, /jsonb_build_object\('code', '(\w+)'/g);
  const inCode = found(
    EDGE.filter((text) => text.includes('Assignment["error"]')),
    /\bcode: "(\w+)"/g,
  );
  const byRelays = found(RELAY, /(?:new SetupFailure\(\s*|outcome: "setup_failed", reason: )"(\w+)"/g);
  expect(sorted([...inSql, ...inCode, ...byRelays])).toEqual(sorted(Object.keys(ASSIGNMENT_ERRORS)));
  expect(sorted(byRelays)).toEqual(sorted(Object.keys(SETUP_FAILURES)));
});

test("every kind of event is written somewhere, and no other is", () => {
  const inSql = found(EDGE, /insert into events \([^)]*\)\s*select '(\w+)'/g);
  const inCode = found(
    EDGE.filter((text) => /\btell\(/.test(text)),
    /\bkind: "(\w+)"(?!, listingStartedAt)/g,
  );
  expect(sorted([...inSql, ...inCode])).toEqual(sorted(Object.keys(EVENT_KINDS)));
});

test("every kind of operation is queued somewhere, and no other is", () => {
  const inserts = EDGE.flatMap((text) =>
    [...text.matchAll(/insert into operations \(kind[^)]*\)\s*(?:select|values \()\s*'(\w+)'/g)].flatMap(
      ([, kind]) => kind ?? [],
    ),
  );
  expect(sorted(inserts)).toEqual(sorted(Object.keys(OPERATION_KINDS)));
});

test("the checks of the table of operations know the same kinds and states", () => {
  const table = readFileSync("src/db/tables/operations.ts", "utf8");
  const known = (name: string) =>
    /\('.*'\)/.exec(table.slice(table.indexOf(`"${name}"`)))?.[0].match(/\w+/g) ?? [];
  expect(known("operations_state")).toEqual(Object.keys(OPERATION_STATES));
  expect(known("operations_kind")).toEqual(Object.keys(OPERATION_KINDS));
});
