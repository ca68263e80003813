import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SPEC_DEFAULTS } from "../../src/contract/specDefaults.ts";

const FIELDS = Object.keys(SPEC_DEFAULTS).join("|");

/** Rules that are written once: who needs one asks its home, and does not write its text again. */
const HOMES: { rule: string; text: RegExp; home: string }[] = [
  {
    rule: "an operation is live",
    text: /'queued', 'leased', 'cancelling'\)/,
    home: "src/domain/core/live.ts",
  },
  { rule: "a machine is live", text: /state(?:`\)\})? <> 'deleted'/, home: "src/domain/core/live.ts" },
  {
    rule: "which machines a node has to have",
    text: /[([](?:["'](?:ready|suspect|assigned|held)["'](?:, )?){4}[)\]]/,
    home: "src/domain/core/states.ts",
  },
  { rule: "an assignment is live", text: /state(?:`\)\})? <> 'released'/, home: "src/domain/core/live.ts" },
  { rule: "a node is not removed", text: /state(?:`\)\})? <> 'removed'/, home: "src/domain/core/live.ts" },
  { rule: "a pool is not removed", text: /removed_at(?:`\)\})? is null/, home: "src/domain/core/live.ts" },
  { rule: "a brake is on", text: /released_at(?:`\)\})? is null/, home: "src/domain/core/live.ts" },
  {
    rule: "a stored spec is read",
    text: /\bp\.spec\b|\bspec (?:->|\?(?!\?))|select spec\b|[a-z]\}\.spec\b/,
    home: "src/domain/core/spec.ts",
  },
  {
    rule: "what a field means that a spec lacks",
    text: new RegExp(String.raw`SPEC_DEFAULTS = |\.(?:${FIELDS}) \?\? (?!SPEC_DEFAULTS)`),
    home: "src/contract/specDefaults.ts",
  },
  {
    rule: "what is booked and not seen",
    text: /\(\{ ours \}\) => ours\)\s*\.map|\.ours && \w+\.name|footprintOf\(row\./,
    home: "src/domain/capacity/booked.ts",
  },
  {
    rule: "what was heard from a machine",
    text: /not_alive -> m\.id/,
    home: "src/domain/health/notAlive.ts",
  },
  { rule: "the words for absence", text: /in the node's listing"/, home: "src/contract/listing.ts" },
  {
    rule: "the words for a sibling's key",
    text: /the address is wrong/,
    home: "src/domain/health/heard.ts",
  },
  {
    rule: "how waits grow",
    text: /Math\.min\([^;]*\*\* ?[a-z(]|(?:wait|delay|pause)\w*(?: \*= | = Math\.min\([^;]* \* )/i,
    home: "src/contract/growing.ts",
  },
  { rule: "the title of the first step", text: /Prepare the account/, home: "src/contract/progress.ts" },
  {
    rule: "what a set-up shows first",
    text: /jsonb_build_object\('steps'|step - 'text'\) \|\| \$|\bstep: 1, /,
    home: "src/domain/assignments/firstStep.ts",
  },
  {
    rule: "what an assignment loses with its machine",
    text: /(?:[ `]machine|claimed_at|setup_at|logged_in_at|handover|active_at|[^_]step) = null|outputs = '\{\}'/,
    home: "src/domain/core/moves.ts",
  },
  {
    rule: "the list of drivers",
    text: /\[[^\]]*"(?:local|incus)"[^\]]*"(?:local|incus)"[^\]]*\]/,
    home: "src/contract/drivers.ts",
  },
  {
    rule: "the options of the drivers",
    text: /flag: "--|--storage-pool[ <\]]|"storage-pool": /,
    home: "src/contract/drivers.ts",
  },
  { rule: "the state of a machine", text: writerOf("machines"), home: "src/domain/core/moves.ts" },
  { rule: "the state of an assignment", text: writerOf("assignments"), home: "src/domain/core/moves.ts" },
  { rule: "the state of a node", text: writerOf("nodes"), home: "src/domain/core/nodeMoves.ts" },
  {
    rule: "the state of an operation",
    text: writerOf("operations"),
    home: "src/domain/core/operationMoves.ts",
  },
];

/** An update that sets the state of such rows. */
function writerOf(table: string): RegExp {
  return new RegExp(String.raw`update ${table}\s+set\s(?:(?!\swhere\s)[^\x60])*?(?<=\sset\s+|,\s*)state = `);
}

/** The tables' indexes and checks are texts of the migrations: they have to be written out. */
const TABLES = "src/db/tables/";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name}`)
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith(TABLES))
  .map((name) => ({ name, text: readFileSync(name, "utf8") }));

test.each(HOMES)("$rule: written in $home alone", ({ text, home }) => {
  expect(sources.filter((source) => text.test(source.text)).map(({ name }) => name)).toEqual([home]);
});
