import type { Command } from "commander";
import type { DutyOutcome } from "../../contract/sweep.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { answer, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import type { Listing } from "../terminal/listing.ts";

/** `warmpool sweep`: runs the scheduled duties now. */
export function sweep(program: Command, cli: Cli): void {
  program
    .command("sweep")
    .description("run all duties of the sweep now: probe, refill, clean up")
    .action(withSession(cli, run, OUTCOMES));
}

async function run(session: Session): Promise<void> {
  const result = await session.client.sweep.run.mutate();
  answer(session, result, ({ duties }) => table(COLUMNS, duties, session.out.tableColumns), OUTCOMES);
  const failed = result.duties.filter(({ outcome }) => outcome === "failed").map(({ duty }) => duty);
  if (failed.length > 0) {
    throw new CliError(
      EXIT.failed,
      `failed: ${failed.join(", ")}.`,
      "The other duties ran; the next sweep retries.",
    );
  }
}

const COLUMNS: Column<DutyOutcome>[] = [
  { title: "DUTY", value: ({ duty }) => duty, keep: true },
  { title: "OUTCOME", value: ({ outcome }) => outcome, keep: true },
  { title: "CHANGES", value: ({ changes }) => changes, align: "right" },
  { title: "ERROR", value: ({ error }) => error, text: true },
];
const OUTCOMES: Listing<{ duties: DutyOutcome[] }, DutyOutcome> = {
  columns: COLUMNS,
  rows: ({ duties }) => duties,
};
