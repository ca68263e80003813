import type { Command } from "commander";
import type { DutyHeartbeat } from "../../contract/sweep.ts";
import { answer, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { listOf, since } from "../terminal/listing.ts";

/** `warmpool duties`: when each duty of the sweep last ran. */
export function duties(program: Command, cli: Cli): void {
  program
    .command("duties")
    .description("show when each duty of the sweep last ran, and whether one is late")
    .action(withSession(cli, show, HEARTBEATS));
}

async function show(session: Session): Promise<void> {
  const heartbeats = await session.client.sweep.duties.query();
  answer(session, heartbeats, (all) => table(COLUMNS, all, session.out.tableColumns), HEARTBEATS);
}

const COLUMNS: Column<DutyHeartbeat>[] = [
  { title: "DUTY", value: ({ duty }) => duty, keep: true },
  since("STARTED", ({ lastStartAt }) => lastStartAt),
  since("ENDED", ({ lastEndAt }) => lastEndAt),
  { title: "OUTCOME", value: ({ outcome }) => outcome, keep: true },
  {
    title: "",
    name: "LATE",
    value: ({ late }) => (late ? "late" : ""),
    raw: ({ late }) => late,
    keep: true,
  },
  { title: "ERROR", value: ({ error }) => error, text: true },
];
const HEARTBEATS = listOf(COLUMNS);
