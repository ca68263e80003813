import { Option } from "commander";
import type { Command } from "commander";
import { MACHINE_STATES } from "../../contract/machine.ts";
import type { MachineState, MachineView } from "../../contract/machine.ts";
import { answer, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { machineActions } from "./machineActions.ts";
import { addressText, machineLines, stateText } from "../views/machineView.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";
import { timeline } from "./timeline.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";

type ListOptions = { pool?: string; state?: MachineState; node?: string; limit?: number; cursor?: string };

/** `warmpool machine …`: what is read here; what is done with one is in machineActions.ts. */
export function machine(program: Command, cli: Cli): void {
  const verb = program.command("machine").description("the machines of the pools");
  verb
    .command("list")
    .description("list machines, newest first, without deleted ones unless you ask for them")
    .option("--pool <pool>", "of this pool only")
    .addOption(new Option("--state <state>", "in this state only").choices(MACHINE_STATES))
    .option("--node <node>", "on this node only")
    .option("--limit <count>", "maximum number of entries (50, up to 500)", wholeNumber)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(withSession(cli, list));
  verb
    .command("get")
    .description("show everything about one machine")
    .argument("<machine>", "its name or id")
    .action(withSession(cli, get));
  timeline(verb, cli);
  machineActions(verb, cli);
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const page = await session.client.machine.list.query(options);
  answer(session, page, ({ items }) =>
    items.length === 0 ? ["No such machine."] : table(COLUMNS, items, session.out.tableColumns),
  );
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`More follow: add --cursor ${page.nextCursor}`);
  }
}

async function get(session: Session, id: string): Promise<void> {
  const found = await session.client.machine.get.query({ id });
  answer(session, found, (one) => machineLines(one, session.out.columns, Date.now()));
}

const COLUMNS: Column<MachineView>[] = [
  { title: "MACHINE", value: (machine) => machine.name, keep: true },
  { title: "STATE", value: stateText },
  { title: "TESTER", value: (machine) => machine.assignment?.username ?? null },
  { title: "ACCESS", value: (machine) => addressText(machine.access) },
  { title: "NODE", value: (machine) => machine.node },
  { title: "MADE", value: (machine) => ago(machine.createdAt, Date.now()) },
];
