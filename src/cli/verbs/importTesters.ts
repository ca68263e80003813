import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import {
  type ImportOutcome,
  type ImportProblem,
  type ImportRecord,
  type ImportState,
  MOST_RECORDS,
} from "../../contract/import.ts";
import { readTesters, type TesterRow } from "../inputs/testersFile.ts";
import { patiently } from "../session/patience.ts";
import { type Cli, type Session, withSession } from "../session/session.ts";
import { EXIT } from "../terminal/exit.ts";
import { importLines, type ImportedRow } from "../views/importView.ts";

type Options = { plan?: boolean; undo?: boolean };

/** How long the relays may take to look at the machines of one batch, and how often they are asked. */
const WAIT_SECONDS = 120;
const ASK_MS = 500;

/** `warmpool import-testers FILE`: testers who have a machine already, made by something else. */
export function importTesters(program: Command, cli: Cli): void {
  program
    .command("import-testers")
    .description("take over testers and their running machines from the records of another system")
    .argument("<file>", "CSV or JSON: one machine for each tester (docs/import.md)")
    .option("--plan", "look at the machines and show what would happen; changes nothing")
    .option("--undo", "undo the import of these testers: their machines run on, without Warmpool")
    .addHelpText(
      "after",
      "\nEach record is imported or refused by itself. Importing again changes nothing.\nThe exit code is 1 if a record was refused.",
    )
    .action(withSession(cli, act));
}

async function act(session: Session, path: string, { plan = false, undo = false }: Options): Promise<void> {
  const { rows, ignored } = readTesters(path);
  const outcomes = await outcomesOf(session, rows, (records) =>
    undo
      ? session.client.import.undo.mutate({ records: records.map(testerOf), plan })
      : session.client.import.start.mutate({ records, plan }),
  );
  const told = rows.map((row, at) => rowOf(row, outcomes[at]));
  if (session.json) session.out.json({ rows: told, ignored });
  else session.out.print(...importLines(told, ignored, session.out.columns));
  if (told.some(({ state }) => isUnfinished(state))) session.cli.exitCode = EXIT.failed;
}

const isUnfinished = (state: ImportState) => state === "refused" || state === "checking";

/** An outcome for each row that has a record, at the row's place; relays are waited for batch by batch. */
async function outcomesOf(
  session: Session,
  rows: readonly TesterRow[],
  ask: (records: ImportRecord[]) => Promise<ImportOutcome[]>,
): Promise<(ImportOutcome | undefined)[]> {
  const outcomes: (ImportOutcome | undefined)[] = rows.map(() => undefined);
  const given = rows.flatMap((row, at) => ("record" in row ? [{ at, record: row.record }] : []));
  for (let from = 0; from < given.length; from += MOST_RECORDS) {
    const batch = given.slice(from, from + MOST_RECORDS);
    const answered = await ask(batch.map(({ record }) => record));
    const ended = await checked(session, answered);
    for (const [index, { at }] of batch.entries()) outcomes[at] = ended[index];
  }
  return outcomes;
}

/** The same outcomes when no relay looks any more, or when there was time enough. */
async function checked(session: Session, outcomes: readonly ImportOutcome[]): Promise<ImportOutcome[]> {
  const { client, url, out } = session;
  const stopAt = performance.now() + WAIT_SECONDS * 1000;
  let now = [...outcomes];
  for (let asked = 0; ; asked += 1) {
    const ids = now.flatMap(({ id, state }) => (state === "checking" && id !== null ? [id] : []));
    if (ids.length === 0 || performance.now() > stopAt) return now;
    if (asked === 0) out.note(`Their relays look at ${counted(ids.length)}.`);
    else await delay(ASK_MS);
    const answered = await patiently({ url, note: out.note }, () => client.import.status.query({ ids }));
    const byId = new Map(answered.map((outcome) => [outcome.id, outcome]));
    now = now.map((outcome) => byId.get(outcome.id) ?? outcome);
  }
}

function counted(machines: number): string {
  return machines === 1 ? "1 machine" : `${machines} machines`;
}

function testerOf({ username, pool, machine }: ImportRecord): {
  username: string;
  machine: string;
  pool?: string;
} {
  return { username, machine, ...(pool === undefined ? {} : { pool }) };
}

function rowOf(row: TesterRow, outcome: ImportOutcome | undefined): ImportedRow {
  const { line, who } = row;
  const nothing = { found: null, expiresAt: null };
  if ("problem" in row)
    return { line, who, machine: null, state: "refused", problem: row.problem, ...nothing };
  const { machine } = row.record;
  if (outcome === undefined) return { line, who, machine, state: "refused", problem: NO_ANSWER, ...nothing };
  const { state, problem, found, expiresAt } = outcome;
  return { line, who, machine, state, problem: state === "checking" ? NOT_YET : problem, found, expiresAt };
}

const NO_ANSWER: ImportProblem = { why: "Warmpool did not answer for it", fix: "Import again." };
const NOT_YET: ImportProblem = {
  why: `the relay of its node has not answered in ${WAIT_SECONDS} s`,
  fix: "It goes on by itself; import again to see how it ended.",
};
